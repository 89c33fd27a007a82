/** Which process this is, how it stands, why it failed, and what can be done. */
import { Link } from "wouter";
import { useLive } from "../../api/useLive";
import { addresses } from "../../app/addresses";
import { Badge } from "../../components/Badge";
import { Copy } from "../../components/Copy";
import { Elapsed, Time } from "../../components/Time";
import { PROCESS_PRODUCTS } from "../../operations/process";
import { duration } from "../../time";
import { counted, workflowOf } from "../../words";
import { visible } from "../../visible";
import { TimeSummary } from "./Bar";
import { Failure } from "./Failure";
import { Note } from "./Note";
import { AbortButton, ContinueButton, RetryButton } from "./ProcessActions";
import type { Head, StepState } from "./processModel";
import { anchorOf } from "./words";

export function Heading({ head, steps }: { head: Head; steps: readonly StepState[] }) {
  const { id, workflowName, subject, status, startedAt, endedAt, createdBy } = head;
  const done = steps.filter(({ step }) => step.status === "SUCCESS" || step.status === "SKIPPED").length;
  return (
    <header className="process-head">
      <div className="process-title">
        <h1 tabIndex={-1}>{subject}</h1>
        <Badge status={status} />
        <div className="actions">
          <ContinueButton />
          <AbortButton />
        </div>
      </div>
      <p className="process-facts">
        <span title={workflowName}>{workflowOf(head)}</span>
        <span>
          started <Time at={startedAt} />
          {createdBy && ` by ${createdBy.name}`}
        </span>
        <span>{endedAt ? `took ${tookOf(head)}` : <>open for <Elapsed since={startedAt} /></>}</span>
        <span>
          {done} of {counted(steps.length, "step")}
        </span>
        {/* Whole: the command line takes nothing less, and its beginning is the time, alike for all of one day. */}
        <code className="process-id" title="The id of the process">
          {id}
        </code>
        <Copy text={id} what="the id of the process" />
      </p>
      <Products id={id} />
      <Note />
      <Now head={head} steps={steps} />
      <TimeSummary steps={steps} />
    </header>
  );
}

type Waiting = NonNullable<Head["whyWaiting"]>;

const tookOf = ({ startedAt, endedAt }: Head): string =>
  duration((Date.parse(endedAt ?? startedAt) - Date.parse(startedAt)) / 1000);

/** The step that matters now, one click away; the whole failure if no step failed. */
function Now({ head, steps }: { head: Head; steps: readonly StepState[] }) {
  const { failureReason, whyWaiting, currentStep, endedAt, id, version } = head;
  const step = currentStep && steps[currentStep.index]?.step;
  if (failureReason && step?.status !== "FAILED")
    return (
      <Failure reason={failureReason} of={{ process: id }} version={String(version)}>
        <div className="actions">
          <RetryButton />
        </div>
      </Failure>
    );
  if (whyWaiting?.kind === "LOCK") return <Queued {...{ whyWaiting }} keys={head.lockKeys} />;
  if (endedAt || (!step && !whyWaiting)) return null;
  return (
    <p className={failureReason ? "now error" : "now"}>
      {step && <StepLink step={step} />}
      <span className="words">
        {failureReason?.message ?? whyWaiting?.message}
        {whyWaiting?.kind === "TIME" && whyWaiting.until && (
          <>
            {" "}
            It goes on at <Time at={whyWaiting.until} />.
          </>
        )}
        {whyWaiting?.kind === "WORKER" && (
          <>
            {" "}
            Since <Time at={whyWaiting.since} />.
          </>
        )}
      </span>
    </p>
  );
}

function StepLink({ step: { index, name } }: { step: StepState["step"] }) {
  return (
    <a
      href={`${location.pathname}#${anchorOf(index)}`}
      onClick={(event) => {
        event.preventDefault();
        // The same address twice is no change of the address.
        history.replaceState(null, "", location.pathname + location.search);
        location.hash = anchorOf(index);
      }}
    >
      Step {index + 1}: {name}
    </a>
  );
}

/** Why a process has not begun: another process holds its lock. */
function Queued({ whyWaiting: { lockedBy, message }, keys }: { whyWaiting: Waiting; keys: readonly string[] }) {
  if (!lockedBy) return <p className="now words">{message}</p>;
  return (
    <p className="now">
      <span className="words">
        It waits for process <Link href={addresses.process(lockedBy.id)}>{lockedBy.subject}</Link> that holds {keys.join(", ")}, and
        begins by itself when that process ends.
      </span>
    </p>
  );
}

function Products({ id }: { id: string }) {
  const { data } = useLive(
    PROCESS_PRODUCTS,
    { id },
    { concerns: ({ processId, __typename }) => processId === id && __typename === "ProductSubscriptionChangedEvent" },
  );
  const found = data?.process?.productSubscriptions ?? [];
  if (!found.length) return null;
  return (
    <ul className="process-products" aria-label="Product subscriptions">
      {found.map(({ id: subscriptionId, description, product, status }) => (
        <li key={subscriptionId}>
          <Link href={addresses.subscription(subscriptionId)}>{visible(description)}</Link>{" "}
          <span className="muted">{product?.name}</span> <Badge status={status} />
        </li>
      ))}
    </ul>
  );
}
