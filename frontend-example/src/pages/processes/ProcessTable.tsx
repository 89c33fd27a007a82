/** The rows of the list: only those that are seen exist, whatever the length of the list. */
import { useRef } from "react";
import type { Shown } from "../../api/rowList";
import { Spacer, useVirtualRows } from "../../components/useVirtualRows";
import type { ProcessRowFragment } from "../../gql/graphql";
import { moveFocus } from "./moveFocus";
import { ProcessRow } from "./ProcessRow";

const COLUMNS = ["Process", "Workflow", "Status", "Step", "Started by", "Started", "Took"] as const;
const CLASSES = ["col-process", "col-workflow", "col-status", "col-step", "col-who", "col-started", "col-took"] as const;

export function ProcessTable({ shown, onEnd }: { shown: Shown<ProcessRowFragment>; onEnd: () => void }) {
  const table = useRef<HTMLTableElement>(null);
  const { rows, strays, hasMore, isReading } = shown;
  const { indexes, measure, above, below } = useVirtualRows({ table, shown, onEnd });
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
        {indexes.map((index) => {
          const row = rows[index];
          return row && <ProcessRow key={row.id} row={row} index={index} isStray={strays.has(row.id)} measure={measure} />;
        })}
        <Spacer height={below} />
      </tbody>
    </table>
  );
}
