/** A table of any length: only the rows that are seen exist. A row may be as high as it likes. */
import { useRef, type ReactNode } from "react";
import { newWords, type Shown } from "../api/rowList";
import "../styles/filters.css";
import "../styles/table.css";
import { Spacer, useVirtualRows } from "./useVirtualRows";

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
  const { indexes, measure, above, below } = useVirtualRows({ table, shown, onEnd });
  if (!rows.length) return error ? null : <div className="empty">{isReading ? "Reading…" : empty}</div>;
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
        <Spacer height={above} />
        {indexes.map((index) => {
          const row = rows[index];
          return (
            row && (
              <tr key={row.id} ref={measure} data-index={index} role="row" aria-rowindex={index + 2}>
                {cells(row)}
              </tr>
            )
          );
        })}
        <Spacer height={below} />
      </tbody>
    </table>
  );
}

/** The button that puts waiting rows in their places. */
export function NewRows({ count, onShow }: { count: number; onShow: () => void }) {
  return (
    <p role="status" className="new-rows-line">
      {count > 0 && (
        <button type="button" className="new-rows" onClick={onShow}>
          {newWords(count)} new
        </button>
      )}
    </p>
  );
}
