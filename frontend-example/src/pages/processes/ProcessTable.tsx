/** The rows of the list: only those that are seen exist, whatever the length of the list. */
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useLayoutEffect, useRef, useState, type KeyboardEvent } from "react";
import { ProcessRow } from "./ProcessRow";
import type { Shown } from "./processList";

const ROW_HEIGHT = 44;
const COLUMNS = ["Process", "Workflow", "Status", "Step", "Started by", "Started", "Took"] as const;
const CLASSES = ["col-process", "col-workflow", "col-status", "col-step", "col-who", "col-started", "col-took"] as const;

/** Rows before the end of the list at which the next page is read. */
const AHEAD = 25;

export function ProcessTable({ shown, onEnd }: { shown: Shown; onEnd: () => void }) {
  const table = useRef<HTMLTableElement>(null);
  const { rows, strays, hasMore, isReading, edition } = shown;
  const margin = useTop(table);
  // Another list is read from its beginning, and where the former one was scrolled to means nothing in it.
  useLayoutEffect(() => {
    if (edition > 1 && window.scrollY > 0) window.scrollTo(0, 0);
  }, [edition]);
  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => ROW_HEIGHT,
    overscan: 12,
    scrollMargin: margin,
    getItemKey: (index) => rows[index]?.id ?? index,
  });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? -1;
  useEffect(() => {
    if (hasMore && !isReading && last >= rows.length - AHEAD) onEnd();
  }, [hasMore, isReading, last, rows.length, onEnd]);

  const above = (items[0]?.start ?? margin) - margin;
  const below = virtual.getTotalSize() - ((items.at(-1)?.end ?? margin) - margin);
  return (
    <table ref={table} className="process-table" aria-rowcount={hasMore ? -1 : rows.length + 1} aria-busy={isReading} onKeyDown={moveFocus}>
      <thead>
        <tr aria-rowindex={1}>
          {COLUMNS.map((name, at) => (
            <th key={name} scope="col" className={CLASSES[at]}>
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        <Spacer height={above} />
        {items.map(({ index }) => {
          const row = rows[index];
          return row && <ProcessRow key={row.id} row={row} index={index} isStray={strays.has(row.id)} measure={virtual.measureElement} />;
        })}
        <Spacer height={below} />
      </tbody>
    </table>
  );
}

/** The distance of the table from the top of the document, which changes with what stands above it. */
function useTop(table: { current: HTMLElement | null }): number {
  const [top, setTop] = useState(0);
  useLayoutEffect(() => {
    if (table.current) setTop(Math.round(table.current.getBoundingClientRect().top + window.scrollY));
  });
  return top;
}

/** The arrows move from process to process. */
function moveFocus(event: KeyboardEvent<HTMLTableElement>): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  const links = [...event.currentTarget.querySelectorAll<HTMLElement>("a.subject")];
  const row = (event.target as HTMLElement).closest("tr");
  const at = links.findIndex((link) => row?.contains(link));
  const next = links[at + step];
  if (at < 0 || !next) return;
  event.preventDefault();
  next.focus();
}

function Spacer({ height }: { height: number }) {
  const cell = useRef<HTMLTableCellElement>(null);
  // Before the page is painted, or the rows would jump. By script, as the Content-Security-Policy wants it.
  useLayoutEffect(() => {
    if (cell.current) cell.current.style.height = `${height}px`;
  }, [height]);
  return height > 0 ? (
    <tr aria-hidden="true" className="spacer">
      {/* One column: on a narrow page most columns do not exist. */}
      <td ref={cell} />
    </tr>
  ) : null;
}
