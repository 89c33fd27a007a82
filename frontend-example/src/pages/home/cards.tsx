/** The lists of the home page: a few lines each, and where the rest is. */
import { useId, type ReactNode } from "react";
import { Link } from "wouter";
import { addresses } from "../../app/addresses";
import { StatusIcon } from "../../components/Badge";
import { Deadline, Elapsed, Time } from "../../components/Time";
import type { HomeQuery, HomeStatsQuery, HomeTaskFragment } from "../../gql/graphql";
import { lookOf } from "../../status";
import { workflowOf } from "../../words";

/** An address of the list of processes with these filters. */
export const processesWith = (filters: Record<string, string> | [string, string][]): string => `${addresses.processes}?${new URLSearchParams(filters).toString()}`;

interface CardProps {
  title: string;
  /** Where all of them are. */
  more?: { href: string; words: string };
  empty: string;
  children: readonly ReactNode[];
}

export function Card({ title, more, empty, children }: CardProps) {
  const id = useId();
  return (
    <section className="home-card" aria-labelledby={id}>
      <div className="card-line">
        <h2 id={id}>{title}</h2>
        {more && children.length > 0 && <Link href={more.href}>{more.words}</Link>}
      </div>
      {children.length > 0 ? <ul className="card-list">{children}</ul> : <p className="muted">{empty}</p>}
    </section>
  );
}

export function TaskCard({ overdue, tasks, total }: { overdue: readonly HomeTaskFragment[]; tasks: readonly HomeTaskFragment[]; total: string }) {
  const first = [...new Map([...overdue, ...tasks].map((task) => [task.id, task])).values()].slice(0, 5);
  return (
    <Card title="My tasks" more={{ href: addresses.inbox, words: `All tasks (${total})` }} empty="Nothing waits for you.">
      {first.map(({ id, title, createdAt, dueAt, claimedBy, process }) => (
        <li key={id}>
          <Link href={addresses.process(process.id)}>{process.subject}</Link>
          <span className="muted">
            <bdi>{title}</bdi> · {dueAt ? <Deadline at={dueAt} /> : <Waits since={createdAt} />}
            {claimedBy && (
              <>
                {" · claimed by "}
                <bdi>{claimedBy.name}</bdi>
              </>
            )}
          </span>
        </li>
      ))}
    </Card>
  );
}

const Waits = ({ since }: { since: string }) => (
  <>
    waits for <Elapsed since={since} />
  </>
);

const ALL_WAITS = {
  href: processesWith([...["SUSPENDED", "AWAITING_CALLBACK", "WAITING"].map((status): [string, string] => ["status", status]), ["order", "unchanged"]]),
  words: "All that wait",
};

export function WaitCard({ waiting }: { waiting: NonNullable<HomeQuery["waiting"]>["nodes"] }) {
  const since = ({ whyWaiting }: (typeof waiting)[number]): string => whyWaiting?.since ?? "";
  const longest = waiting.filter(({ whyWaiting }) => whyWaiting !== null).sort((a, b) => since(a).localeCompare(since(b)));
  return (
    <Card title="Longest waits" more={ALL_WAITS} empty="No process waits.">
      {longest.map(({ id, subject, status, whyWaiting }) => (
        <li key={id}>
          <span className={`with-icon tone-${lookOf(status).tone}`}>
            <StatusIcon status={status} />
            <Link href={addresses.process(id)}>{subject}</Link>
          </span>
          {whyWaiting && (
            <span className="muted">
              <Elapsed since={whyWaiting.since} /> · <Reason {...whyWaiting} />
            </span>
          )}
        </li>
      ))}
    </Card>
  );
}

type Why = NonNullable<NonNullable<HomeQuery["waiting"]>["nodes"][number]["whyWaiting"]>;

/** The words of the server, but times by the chosen clock and the holder of a lock as a link. */
function Reason({ kind, message, until, lockedBy }: Why) {
  if (lockedBy)
    return (
      <>
        It waits for its lock, which <Link href={addresses.process(lockedBy.id)}>{lockedBy.subject}</Link> holds.
      </>
    );
  return (
    <>
      {message}
      {kind === "TIME" && until && (
        <>
          {" "}
          It goes on at <Time at={until} />.
        </>
      )}
    </>
  );
}

export function CallbackCard({ callbacks }: { callbacks: NonNullable<HomeQuery["overdueCallbacks"]>["nodes"] }) {
  return (
    <Card title="Overdue callbacks" empty="Every remote service is in time.">
      {callbacks.map(({ id, name, expiresAt, process }) => (
        <li key={id}>
          <Link href={addresses.process(process.id)}>{process.subject}</Link>
          <span className="muted">
            <bdi>{name ?? workflowOf(process)}</bdi> {expiresAt && <Deadline at={expiresAt} />}
          </span>
        </li>
      ))}
    </Card>
  );
}

export function FailedCard({ failed }: { failed: NonNullable<HomeQuery["failed"]>["nodes"] }) {
  const more = { href: processesWith({ status: "FAILED" }), words: "All failed" };
  return (
    <Card title="Failed last" more={more} empty="No process is failed.">
      {failed.map(({ id, subject, updatedAt, failureReason, ...run }) => (
        <li key={id}>
          <Link href={addresses.process(id)}>{subject}</Link>
          <span className="failed-why" title={failureReason?.message}>
            {failureReason?.message}
          </span>
          <span className="muted">
            <bdi>{workflowOf(run)}</bdi> · <Time at={updatedAt} isRelative />
          </span>
        </li>
      ))}
    </Card>
  );
}

type Failures = NonNullable<HomeStatsQuery["stats"]>["failuresByWorkflow"];

export function FailuresCard({ failures, period }: { failures: Failures; period: string }) {
  const most = Math.max(1, ...failures.map(({ count }) => count));
  return (
    <Card title="Failures by workflow" empty={`No process failed ${period}.`}>
      {failures.slice(0, 8).map(({ workflowName, workflow, count, codes, lastFailedAt }) => (
        <li key={workflowName}>
          <span className="failure-line">
            <Link href={processesWith({ status: "FAILED", workflow: workflowName })} title={workflowName}>
              {workflowOf({ workflowName, workflow })}
            </Link>
            <b>{count.toLocaleString()}</b>
          </span>
          <meter className="failure-bar" min={0} max={most} value={count} aria-label={`Failures of ${workflowOf({ workflowName, workflow })}`} />
          <span className="muted">
            {codes.slice(0, 3).map(({ code, count: times }, at) => (
              <span key={code}>
                {at > 0 && ", "}
                <Link href={processesWith({ workflow: workflowName, code })}>{code}</Link> {times}
              </span>
            ))}{" "}
            · last <Time at={lastFailedAt} isRelative />
          </span>
        </li>
      ))}
    </Card>
  );
}
