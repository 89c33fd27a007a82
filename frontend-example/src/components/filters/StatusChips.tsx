/** One chip a status; several may be chosen. */
import { StatusIcon } from "../Badge";
import { lookOf } from "../../status";

interface Props<Status extends string> {
  statuses: readonly Status[];
  chosen: readonly Status[];
  onToggle: (status: Status) => void;
  /** The key of the table of statuses, if the word of the API means something else there. */
  keyOf?: (status: Status) => string;
}

export function StatusChips<Status extends string>({ statuses, chosen, onToggle, keyOf = (status) => status }: Props<Status>) {
  return (
    <div className="chips" role="group" aria-label="Filter by status">
      {statuses.map((status) => (
        <button
          key={status}
          type="button"
          className={`chip tone-${lookOf(keyOf(status)).tone}`}
          aria-pressed={chosen.includes(status)}
          onClick={() => onToggle(status)}
        >
          <StatusIcon status={keyOf(status)} />
          {lookOf(keyOf(status)).word}
        </button>
      ))}
    </div>
  );
}
