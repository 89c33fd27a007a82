/** The search in rows: what is found, where the person is, and the next and the former place. */
import { useEffect, useMemo, useRef, useState } from "react";
import { useDebounced } from "../Time";
import { find, NOTHING, type Found, type Match, type Searchable } from "./search";

export interface Search {
  query: string;
  setQuery: (query: string) => void;
  found: Found;
  /** The position in `found.matches`; -1 if nothing is found. */
  position: number;
  current: Match | null;
  byRow: ReadonlyMap<number, readonly Match[]>;
  step: (by: 1 | -1) => void;
}

const DELAY = 150;

/** `onFound` is called with the place that is to be seen. */
export function useSearch(rows: readonly Searchable[], onFound: (match: Match) => void): Search {
  const [query, setQuery] = useState("");
  const settled = useDebounced(query, DELAY);
  const before = useRef(NOTHING);
  const found = useMemo(() => {
    before.current = find(rows, settled, before.current);
    return before.current;
  }, [rows, settled]);
  const [chosen, setChosen] = useState(0);
  const position = found.matches.length ? Math.min(chosen, found.matches.length - 1) : -1;
  const current = found.matches[position] ?? null;
  const byRow = useMemo(() => byRowOf(found.matches), [found]);

  const show = useRef(onFound);
  show.current = onFound;
  useEffect(() => setChosen(0), [settled]);
  // Only a new query and a step move the view: more text does not.
  const [first] = found.matches;
  const shown = useRef("");
  useEffect(() => {
    if (shown.current === settled) return;
    shown.current = settled;
    if (first) show.current(first);
  }, [settled, first]);

  const step = (by: 1 | -1): void => {
    const count = found.matches.length;
    if (!count) return;
    const next = (position + by + count) % count;
    setChosen(next);
    const match = found.matches[next];
    if (match) show.current(match);
  };
  return { query, setQuery, found, position, current, byRow, step };
}

function byRowOf(matches: readonly Match[]): ReadonlyMap<number, readonly Match[]> {
  const rows = new Map<number, Match[]>();
  for (const match of matches) {
    const known = rows.get(match.row);
    if (known) known.push(match);
    else rows.set(match.row, [match]);
  }
  return rows;
}
