/** Filters in the address: a link shows the same rows, and Back shows the rows of before. */
import { useCallback, useMemo } from "react";
import { useSearchParams } from "wouter";
import { changed, type Changes } from "./address";

export type Change = (changes: Changes, options?: { replace?: boolean }) => void;

interface Used<Filters> {
  filters: Filters;
  /** Set some parameters. Each change is a step that Back takes back, unless it replaces the address. */
  change: Change;
}

/** `parse` must be the same function at every drawing. */
export function useFilters<Filters>(parse: (parameters: URLSearchParams) => Filters): Used<Filters> {
  const [parameters, setParameters] = useSearchParams();
  const filters = useMemo(() => parse(parameters), [parse, parameters]);
  const change = useCallback<Change>(
    (changes, { replace = false } = {}) =>
      setParameters((before) => changed(before, changes), {
        // The same address twice would make Back do nothing.
        replace: replace || changed(new URLSearchParams(location.search), changes).toString() === new URLSearchParams(location.search).toString(),
      }),
    [setParameters],
  );
  return { filters, change };
}
