/** The search field of an output: Enter goes to the next place, Shift and Enter to the former one, Escape clears it. */
import type { KeyboardEvent, Ref } from "react";
import { Icon } from "../Badge";
import { GLYPHS } from "./glyphs";

interface Props {
  label: string;
  query: string;
  onQuery: (query: string) => void;
  /** The number of places; null while nothing is searched. */
  count: number | null;
  hasMore: boolean;
  position: number;
  onStep: (by: 1 | -1) => void;
  onLeave: () => void;
  ref?: Ref<HTMLInputElement>;
}

export function SearchBar({ label, query, onQuery, count, hasMore, position, onStep, onLeave, ref }: Props) {
  const all = `${(count ?? 0).toLocaleString()}${hasMore ? "+" : ""}`;
  const words = count === null ? "" : count ? `${position + 1} of ${all}` : "not found";
  return (
    <span className="search-bar" role="search" aria-label={label}>
      <input
        ref={ref}
        type="search"
        aria-label={label}
        placeholder="Search"
        title="/ or Ctrl+F; Enter: next; Shift+Enter: former"
        value={query}
        onChange={({ target }) => onQuery(target.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter") {
            event.preventDefault();
            onStep(event.shiftKey ? -1 : 1);
          }
          if (event.key === "Escape") {
            // A dialog around it stays open.
            event.stopPropagation();
            onQuery("");
            onLeave();
          }
        }}
      />
      <span className="search-count" role="status">
        {words}
      </span>
      {query && (
        <>
          <button type="button" className="quiet" aria-label="Former place" disabled={!count} onClick={() => onStep(-1)}>
            <Icon path={GLYPHS.up} />
          </button>
          <button type="button" className="quiet" aria-label="Next place" disabled={!count} onClick={() => onStep(1)}>
            <Icon path={GLYPHS.down} />
          </button>
        </>
      )}
    </span>
  );
}

/** Begin a search in an output, at / or Ctrl+F; nothing happens without its search field. */
export function onFind(event: KeyboardEvent, field: HTMLInputElement | null): void {
  const isFind = event.key === "f" && (event.ctrlKey || event.metaKey);
  const isSlash = event.key === "/" && !(event.target instanceof HTMLInputElement);
  if (!field || !(isFind || isSlash)) return;
  event.preventDefault();
  // The shortcuts of the page do not see it.
  event.stopPropagation();
  field.select();
}
