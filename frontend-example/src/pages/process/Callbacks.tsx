/** The callbacks of a step: one alone is shown open, several as a table whose rows open. */
import { Fragment, useMemo, useState } from "react";
import { serverNow } from "../../api/serverClock";
import { Badge } from "../../components/Badge";
import { Elapsed, Time } from "../../components/Time";
import { readable } from "../../visible";
import { CallbackDetail } from "./CallbackDetail";
import { badgeOf, countWords, isFailed, reasonOf, rowsOf, sorted, type Row } from "./callbackTable";
import type { Callback } from "./processModel";
import { offersFor } from "./recovery";
import { useProcessContext } from "./useProcess";
import { bytes } from "./words";

interface Props {
  callbacks: readonly Callback[];
  stepIndex: number;
  /** Why the step failed, which stands above its callbacks. */
  stepReason: string | null;
}

export function Callbacks({ callbacks, stepIndex, stepReason }: Props) {
  const rows = useMemo(() => rowsOf(callbacks), [callbacks]);
  const [only] = rows;
  if (!only) return null;
  if (rows.length === 1) return <CallbackDetail row={only} stepIndex={stepIndex} isAlone stepReason={stepReason} />;
  return <CallbackTable rows={rows} stepIndex={stepIndex} />;
}

function CallbackTable({ rows, stepIndex }: { rows: readonly Row[]; stepIndex: number }) {
  const { head, wait, late } = useProcessContext();
  const isHelped = rows.some(({ callback }) => isFailed(callback) && offersFor(callback, head, wait, stepIndex).complete);
  const [opened, setOpened] = useState<ReadonlySet<string | null>>(new Set());
  const lateNames = useMemo(
    () => new Set(wait?.index === stepIndex ? late.map(({ name }) => name) : []),
    [wait, late, stepIndex],
  );
  const toggle = (name: string | null): void =>
    setOpened((before) => {
      const after = new Set(before);
      if (!after.delete(name)) after.add(name);
      return after;
    });
  return (
    <div className="callbacks">
      <p className="callbacks-count">
        {countWords(rows)}
        {isHelped && <span className="muted"> · open one to wait longer, to complete it by hand or to issue it again</span>}
      </p>
      <table aria-label="Callbacks">
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">State</th>
            <th scope="col">Progress</th>
            <th scope="col">Last word</th>
            <th scope="col">Time</th>
          </tr>
        </thead>
        <tbody>
          {sorted(rows, lateNames, serverNow()).map((row) => {
            const { name } = row.callback;
            const isOpen = opened.has(name);
            return (
              <Fragment key={name}>
                <TableRow row={row} isOpen={isOpen} hasLate={lateNames.has(name)} onToggle={() => toggle(name)} />
                {isOpen && (
                  <tr className="callback-detail">
                    <td colSpan={5}>
                      <CallbackDetail row={row} stepIndex={stepIndex} />
                    </td>
                  </tr>
                )}
              </Fragment>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

interface RowProps {
  row: Row;
  isOpen: boolean;
  hasLate: boolean;
  onToggle: () => void;
}

function TableRow({ row: { callback }, isOpen, hasLate, onToggle }: RowProps) {
  const { name, status, progress, issuedAt, expiresAt, receivedAt, resultBytes } = callback;
  const endedAt = receivedAt ?? (status === "EXPIRED" ? expiresAt : null);
  const percent = status === "PENDING" ? (progress?.percent ?? null) : null;
  const reason = reasonOf(callback);
  return (
    <tr className="callback-row">
      <th scope="row">
        <button type="button" className="quiet" aria-expanded={isOpen} onClick={onToggle}>
          {name}
        </button>
      </th>
      <td>
        <Badge status={badgeOf(callback)} />
        {hasLate && <span className="late-mark">An answer is kept</span>}
      </td>
      <td>
        {percent !== null && (
          <span className="row-progress">
            <progress max={100} value={percent} aria-label={`Progress of ${name ?? "the job"}`} />
            {Math.round(percent)} %
          </span>
        )}
        {status !== "PENDING" && resultBytes !== null && <span className="muted">{bytes(resultBytes)}</span>}
      </td>
      <td className="last-word">{reason ? <span className="error">{readable(reason)}</span> : readable(progress?.message ?? "")}</td>
      <td>{status === "PENDING" ? <Elapsed since={issuedAt} /> : endedAt && <Time at={endedAt} />}</td>
    </tr>
  );
}
