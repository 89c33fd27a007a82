/** One remote service: its state in words, its figures, and its open callbacks and contracts on demand. */
import { Link } from "wouter";
import { addresses } from "../../app/addresses";
import { Icon } from "../../components/Badge";
import { Deadline, Time } from "../../components/Time";
import type { RemoteServiceRowFragment, RemoteServiceState } from "../../gql/graphql";
import { ICONS, type Look } from "../../status";
import { duration } from "../../time";
import { counted, totalWords } from "../../words";
import { proofWords, refusalWords, reportsOf, resultsOf, sumWords } from "./figures";

export function Cells({ service }: { service: RemoteServiceRowFragment }) {
  const { name, isConfigured, state, lastSeenAt, lastAcceptedAt, deliveries } = service;
  return (
    <>
      <th scope="row" role="rowheader">
        <bdi>{name}</bdi>
        <span className={isConfigured ? "second" : "second error"}>{proofWords(service)}</span>
        <Contracts versions={service.contractVersions} />
      </th>
      <td role="cell">
        <State state={state} />
        <span className="second">
          {lastSeenAt && (
            <>
              {state === "SILENT" ? "since" : "seen"} <Time at={lastSeenAt} isRelative />
            </>
          )}
          {!lastSeenAt && state === "SILENT" && "never seen"}
        </span>
      </td>
      <td role="cell">
        <Open service={service} />
      </td>
      <td role="cell">
        <span className="only-narrow">results </span>
        {sumWords(resultsOf(deliveries))}
        {lastAcceptedAt && (
          <span className="second">
            last <Time at={lastAcceptedAt} isRelative />
          </span>
        )}
      </td>
      <td role="cell">
        <Durations service={service} />
      </td>
      <td role="cell">
        <Failures service={service} />
      </td>
    </>
  );
}

/** Here and not in `status.ts`, which every first view loads. */
const STATES: Record<RemoteServiceState, Look> = {
  ANSWERING: { tone: "good", icon: "check", word: "Answering" },
  FAILING: { tone: "bad", icon: "cross", word: "Failing" },
  SILENT: { tone: "bad", icon: "clock", word: "Silent" },
  UNSEEN: { tone: "idle", icon: "dot", word: "Not seen yet" },
};

function State({ state }: { state: RemoteServiceState }) {
  const { tone, icon, word } = STATES[state];
  return (
    <span className={`badge tone-${tone}`}>
      <Icon path={ICONS[icon]} />
      {word}
    </span>
  );
}

function Open({ service: { openCallbacks, overdueCallbacks } }: { service: RemoteServiceRowFragment }) {
  const { nodes, totalCount } = openCallbacks;
  if (!totalCount) return <span className="muted">none open</span>;
  return (
    <details>
      <summary>
        {totalWords(openCallbacks)} open
        {overdueCallbacks > 0 && <span className="error"> · {overdueCallbacks.toLocaleString()} overdue</span>}
      </summary>
      <ul className="related">
        {nodes.map(({ id, issuedAt, expiresAt, process }) => (
          <li key={id}>
            <Link href={addresses.process(process.id)}>{process.subject}</Link>
            <span className="muted">
              {expiresAt ? (
                <Deadline at={expiresAt} />
              ) : (
                <>
                  issued <Time at={issuedAt} isRelative />
                </>
              )}
            </span>
          </li>
        ))}
      </ul>
      {totalCount > nodes.length && <p className="muted">These are the newest {nodes.length}.</p>}
    </details>
  );
}

function Durations({ service }: { service: RemoteServiceRowFragment }) {
  const { durationSecondsP50, durationSecondsP95, durationSamples } = service;
  if (durationSecondsP50 === null || durationSecondsP95 === null) return <span className="muted">no result</span>;
  return (
    <>
      half in {duration(durationSecondsP50)}
      <span className="second">95 % in {duration(durationSecondsP95)}</span>
      <span className="second">of {counted(durationSamples, "result")}</span>
    </>
  );
}

function Failures({ service }: { service: RemoteServiceRowFragment }) {
  const { deliveries, unansweredCallbacks, areUnansweredExact } = service;
  const reports = reportsOf(deliveries);
  const refused = refusalWords(deliveries);
  if (!reports.count && !refused && !unansweredCallbacks) return <span className="muted">no failure</span>;
  return (
    <>
      {reports.count > 0 && <span className="second">{sumWords(reports)} reported</span>}
      {unansweredCallbacks > 0 && (
        <span className="second error">{sumWords({ count: unansweredCallbacks, isExact: areUnansweredExact })} not answered</span>
      )}
      {refused && <span className="second">refused: {refused}</span>}
    </>
  );
}

function Contracts({ versions }: { versions: RemoteServiceRowFragment["contractVersions"] }) {
  if (!versions.length) return null;
  return (
    <details>
      <summary>{counted(versions.length, "contract")} in use</summary>
      <ul className="related">
        {versions.map(({ digest, title, workflowNames, openCallbacks, acceptedResults }) => (
          <li key={digest ?? ""}>
            <span>
              {digest ? <bdi>{title ?? "without a title"}</bdi> : "any JSON"} {digest && <code title={digest}>{digest.slice(0, 8)}</code>}
            </span>
            <span className="muted">
              {counted(openCallbacks, "open callback")}, {counted(acceptedResults, "result")} ·{" "}
              {workflowNames.length ? workflowNames.join(", ") : <span className="error">no deployed workflow has it</span>}
            </span>
          </li>
        ))}
      </ul>
    </details>
  );
}
