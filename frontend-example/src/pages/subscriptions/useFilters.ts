import { useCallback, useMemo } from "react";
import { useSearchParams } from "wouter";
import { readFilters, writeFilters, type Filters } from "./filters";

export type ChangeFilters = (change: Partial<Filters>) => void;

/** The filters of the address, and how to change some of them. */
export function useFilters(): [Filters, ChangeFilters] {
  const [parameters, setParameters] = useSearchParams();
  const text = parameters.toString();
  const filters = useMemo(() => readFilters(new URLSearchParams(text)), [text]);
  const change = useCallback<ChangeFilters>(
    (changed) => setParameters((before) => writeFilters({ ...readFilters(before), ...changed }), { replace: true }),
    [setParameters],
  );
  return [filters, change];
}
