/** The filters that are set, in words; each can be removed. */
import type { Change } from "./useFilters";

export interface ActiveFilter {
  /** The parameter of the address. */
  name: string;
  words: string;
}

interface Props {
  active: readonly ActiveFilter[];
  /** All parameters that "Clear all" removes. */
  names: readonly string[];
  onChange: Change;
}

export function ActiveFilters({ active, names, onChange }: Props) {
  if (!active.length) return null;
  return (
    <div className="active-filters" role="group" aria-label="Filters that are set">
      {active.map(({ name, words }) => (
        <button key={name} type="button" className="chip set" onClick={() => onChange({ [name]: "" })} title="Remove this filter">
          {words} <span aria-hidden="true">×</span>
          <span className="unseen"> (remove)</span>
        </button>
      ))}
      <button type="button" className="quiet" onClick={() => onChange(Object.fromEntries(names.map((name) => [name, ""])))}>
        Clear all
      </button>
    </div>
  );
}
