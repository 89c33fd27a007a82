/** One notification: what it reports, how it fared, and its tries and content on demand. */
import { lazy, Suspense, useState } from "react";
import { Link } from "wouter";
import { addresses } from "../../app/addresses";
import { announce } from "../../components/Announcer";
import { Badge } from "../../components/Badge";
import { Problem } from "../../components/Problem";
import { Time } from "../../components/Time";
import type { NotificationRowFragment, NotificationStatus } from "../../gql/graphql";
import { resend } from "./resend";

const Result = lazy(() => import("../../components/output/Result"));

/** The word `PENDING` already means a step that is still to come. */
export const statusKey = (status: NotificationStatus): string => (status === "PENDING" ? "UNSENT" : status);

export function Cells({ row, onResent }: { row: NotificationRowFragment; onResent: (ids: readonly string[]) => void }) {
  const { kind, target, status, tries, createdAt, sentAt, dueAt, lastError, process } = row;
  return (
    <>
      <th scope="row" role="rowheader">
        {kind.toLowerCase().replaceAll("_", " ")}
        <span className="second">
          {process ? <Link href={addresses.process(process.id)}>{process.subject}</Link> : "about a process that is removed"} ·{" "}
          <Time at={createdAt} isRelative />
        </span>
        <More row={row} />
      </th>
      <td role="cell">
        <code>{target}</code>
      </td>
      <td role="cell">
        <Badge status={statusKey(status)} />
        <span className="second">
          {sentAt && status === "SENT" && <Time at={sentAt} />}
          {dueAt && (
            <>
              next try <Time at={dueAt} isRelative />
            </>
          )}
        </span>
        {lastError && status !== "SENT" && <span className="second error">{lastError}</span>}
      </td>
      <td role="cell">
        {tries}
        <span className="only-narrow"> tries</span>
      </td>
      <td role="cell">{status !== "PENDING" && <Resend row={row} onResent={onResent} />}</td>
    </>
  );
}

function Resend({ row, onResent }: { row: NotificationRowFragment; onResent: (ids: readonly string[]) => void }) {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  const send = async (): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      await resend(row.id);
      announce("It is sent again");
    } catch (problem) {
      setError(problem as Error);
    }
    setBusy(false);
    onResent([row.id]);
  };
  return (
    <>
      <button type="button" className="quiet" disabled={isBusy} onClick={() => void send()}>
        Send again
      </button>
      {error && <Problem error={error} />}
    </>
  );
}

function More({ row }: { row: NotificationRowFragment }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Tries and content</summary>
      {isOpen && (
        <>
          <ol className="tries">
            {row.log.map(({ at, status, error }) => (
              <li key={at}>
                <Time at={at} /> {status !== null && status !== undefined && <code>{status}</code>}{" "}
                <span className={error ? "error" : undefined}>{error ?? "accepted"}</span>
              </li>
            ))}
          </ol>
          {!row.log.length && <p className="muted">No try yet.</p>}
          <Suspense fallback={null}>
            <Result value={row.payload} fileName={`notification-${row.id}.json`} />
          </Suspense>
        </>
      )}
    </details>
  );
}
