/** Filters and search in the address, so that a link shows the same. */
import { useCallback } from "react";
import { useSearchParams } from "wouter";

/** The values of a parameter that may occur several times, and how to set them. */
export function useParameter(name: string): [readonly string[], (values: readonly string[]) => void] {
  const [parameters, setParameters] = useSearchParams();
  const set = useCallback(
    (values: readonly string[]) => {
      setParameters(
        (before) => {
          const after = new URLSearchParams(before);
          after.delete(name);
          for (const value of values) if (value) after.append(name, value);
          return after;
        },
        { replace: true },
      );
    },
    [name, setParameters],
  );
  return [parameters.getAll(name), set];
}
