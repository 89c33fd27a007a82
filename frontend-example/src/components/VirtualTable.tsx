/** A table of any length: only the rows that are seen exist. A row may be as high as it likes. */
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useLayoutEffect, useRef, useState, type ReactNode } from "react";
import type { Shown } from "../api/rowList";
import "../styles/filters.css";
import "../styles/table.css";

const ROW_HEIGHT = 46;

interface Props<Row> {
  label: string;
  columns: readonly string[];
  shown: Shown<Row>;
  /** What stands in place of a list without rows. */
  empty: ReactNode;
  /** The last rows are near: read more. */
  onEnd: () => void;
  /** The cells of a row, one for each column. */
  cells: (row: Row) => ReactNode;
}

export function VirtualTable<Row extends { id: string }>({ label, columns, shown, empty, onEnd, cells }: Props<Row>) {
  const table = useRef<HTMLTableElement>(null);
  const { rows, hasMore, isReading, error } = shown;
  const margin = useTop(table);
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
    if (hasMore && !isReading && last >= rows.length - 20) onEnd();
  }, [hasMore, isReading, last, rows.length, onEnd]);

  if (!rows.length) return error ? null : <div className="empty">{isReading ? "Reading…" : empty}</div>;
  const above = (items[0]?.start ?? margin) - margin;
  const below = virtual.getTotalSize() - ((items.at(-1)?.end ?? margin) - margin);
  // The roles stand there because a narrow screen draws the rows as grids, and browsers then forget that it is a table.
  return (
    <table
      ref={table}
      className="data"
      role="table"
      aria-label={label}
      aria-rowcount={hasMore ? -1 : rows.length + 1}
      aria-busy={isReading}
    >
      <thead role="rowgroup">
        <tr role="row" aria-rowindex={1}>
          {columns.map((name) => (
            <th key={name} role="columnheader" scope="col">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        <Spacer height={above} columns={columns.length} />
        {items.map(({ index }) => {
          const row = rows[index];
          return (
            row && (
              <tr key={row.id} ref={virtual.measureElement} data-index={index} role="row" aria-rowindex={index + 2}>
                {cells(row)}
              </tr>
            )
          );
        })}
        <Spacer height={below} columns={columns.length} />
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

function Spacer({ height, columns }: { height: number; columns: number }) {
  if (height <= 0) return null;
  return (
    <tr aria-hidden="true" className="spacer">
      <td colSpan={columns} style={{ height }} />
    </tr>
  );
}

/** The button that puts waiting rows in their places. */
export function NewRows({ count, onShow }: { count: number; onShow: () => void }) {
  return (
    <p role="status" className="new-rows-line">
      {count > 0 && (
        <button type="button" className="new-rows" onClick={onShow}>
          {count} new
        </button>
      )}
    </p>
  );
}
