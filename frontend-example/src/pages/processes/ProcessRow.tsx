/** One process in the list. It is drawn again only if something of it changed. */
import { memo, useState, type RefCallback } from "react";
import { Link } from "wouter";
import { addresses } from "../../app/addresses";
import { Badge } from "../../components/Badge";
import { Elapsed, Time } from "../../components/Time";
import type { ProcessRowFragment } from "../../gql/graphql";
import { duration } from "../../time";
import { workflowOf } from "../../words";

interface Props {
  row: ProcessRowFragment;
  index: number;
  isStray: boolean;
  measure: RefCallback<HTMLTableRowElement>;
}

export const ProcessRow = memo(function ProcessRow({ row, index, isStray, measure }: Props) {
  const title = workflowOf(row);
  return (
    <tr ref={measure} data-index={index} data-process={row.id} aria-rowindex={index + 2} className={isStray ? "stray" : undefined}>
      <th scope="row">
        <Link className="subject" href={addresses.process(row.id)} title={row.subject}>
          {row.subject}
        </Link>
        {row.failureReason && <Reason message={row.failureReason.message} />}
        {isStray && <span className="stray-note">No longer matches the filter</span>}
        <span className="meta">
          <span className="narrow-status">
            <Badge status={row.status} />
          </span>{" "}
          <bdi>{title}</bdi> · <Time at={row.startedAt} isRelative />
          {row.createdBy && (
            <>
              {" · "}
              <bdi>{row.createdBy.name}</bdi>
            </>
          )}
        </span>
      </th>
      <td className="col-workflow" dir="auto" title={row.workflowName}>
        <span className="two-lines">{title}</span>
      </td>
      <td className="col-status">
        <Badge status={row.status} />
      </td>
      <td className="col-step" title={row.currentStep?.name}>
        <span className="two-lines">{row.currentStep?.name ?? (row.status === "WAITING" && "Waits for its lock")}</span>
      </td>
      <td className="col-who" title={row.createdBy?.name}>
        {row.createdBy?.name}
      </td>
      <td className="col-started">
        <Time at={row.startedAt} isRelative />
      </td>
      <td className="col-took">
        <Took row={row} />
      </td>
    </tr>
  );
});

/** A failed process neither goes on nor has ended, so nothing is counted for it. */
function Took({ row: { status, startedAt, endedAt, durationSeconds } }: { row: ProcessRowFragment }) {
  if (status === "FAILED") return null;
  return endedAt && durationSeconds !== null ? <>{duration(durationSeconds ?? 0)}</> : <Elapsed since={startedAt} />;
}

/** The reason for the failure: its beginning, the whole when a person points at it or presses it. */
function Reason({ message }: { message: string }) {
  const [isWhole, setWhole] = useState(false);
  return (
    <button type="button" className="reason" aria-expanded={isWhole} title={message} onClick={() => setWhole(!isWhole)}>
      {message}
    </button>
  );
}
