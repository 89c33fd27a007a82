/** The rows of the list: only those that are seen exist, whatever the length of the list. */
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef } from "react";
import { Link } from "wouter";
import { addresses } from "../../app/addresses";
import { Badge } from "../../components/Badge";
import { Elapsed, Time } from "../../components/Time";
import type { ProcessRowFragment } from "../../gql/graphql";
import { duration } from "../../time";
import type { Shown } from "./processList";

const ROW_HEIGHT = 44;
const COLUMNS = 5;

export function ProcessTable({ shown, onEnd }: { shown: Shown; onEnd: () => void }) {
  const table = useRef<HTMLTableElement>(null);
  const { rows, hasMore, isReading } = shown;
  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => ROW_HEIGHT,
    overscan: 12,
    scrollMargin: table.current?.offsetTop ?? 0,
    getItemKey: (index) => rows[index]?.id ?? index,
  });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? -1;
  useEffect(() => {
    if (hasMore && !isReading && last >= rows.length - 20) onEnd();
  }, [hasMore, isReading, last, rows.length, onEnd]);

  if (!rows.length) return <p className="empty">{isReading ? "Reading…" : "No process matches."}</p>;
  const margin = virtual.options.scrollMargin;
  const above = (items[0]?.start ?? margin) - margin;
  const below = virtual.getTotalSize() - ((items.at(-1)?.end ?? margin) - margin);
  return (
    <table ref={table} className="rows" aria-rowcount={hasMore ? -1 : rows.length + 1}>
      <thead>
        <tr aria-rowindex={1}>
          <th scope="col">Process</th>
          <th scope="col">Status</th>
          <th scope="col">Step</th>
          <th scope="col">Started</th>
          <th scope="col">Took</th>
        </tr>
      </thead>
      <tbody>
        <Spacer height={above} />
        {items.map(({ index }) => {
          const row = rows[index];
          return row && <Row key={row.id} row={row} index={index} />;
        })}
        <Spacer height={below} />
      </tbody>
    </table>
  );
}

function Spacer({ height }: { height: number }) {
  const cell = useRef<HTMLTableCellElement>(null);
  // Set by script: the Content-Security-Policy refuses style attributes in markup only.
  useEffect(() => {
    if (cell.current) cell.current.style.height = `${height}px`;
  }, [height]);
  return height > 0 ? (
    <tr aria-hidden="true" className="spacer">
      <td ref={cell} colSpan={COLUMNS} />
    </tr>
  ) : null;
}

function Row({ row, index }: { row: ProcessRowFragment; index: number }) {
  return (
    <tr aria-rowindex={index + 2}>
      <th scope="row">
        <Link href={addresses.process(row.id)}>{row.workflowName}</Link>
        {row.failure && <span className="reason">{row.failure.message}</span>}
      </th>
      <td>
        <Badge status={row.status} />
      </td>
      <td>{row.currentStep?.name}</td>
      <td>
        <Time at={row.startedAt} isRelative />
      </td>
      <td>
        {row.endedAt && row.durationSeconds !== null ? duration(row.durationSeconds ?? 0) : <Elapsed since={row.startedAt} />}
      </td>
    </tr>
  );
}
