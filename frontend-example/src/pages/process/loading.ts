/** Large or rare parts are read when somebody opens them. */
import { useCallback, useEffect, useState } from "react";

export interface Loaded<T> {
  value: T | null;
  error: Error | null;
  /** Read it again: a person asked for it. */
  again: () => void;
}

/** Reads once if `isWanted`, and again if `key` changes; what was read before stays until then. */
export function useLoaded<T>(load: () => Promise<T>, key: string, isWanted = true): Loaded<T> {
  const [loaded, setLoaded] = useState<Omit<Loaded<T>, "again">>({ value: null, error: null });
  const [tries, setTries] = useState(0);
  // eslint-disable-next-line react-hooks/exhaustive-deps -- the key says when another thing is read
  const read = useCallback(load, [key]);
  useEffect(() => {
    if (!isWanted) return undefined;
    let isOver = false;
    read().then(
      (value) => !isOver && setLoaded({ value, error: null }),
      (error: Error) => !isOver && setLoaded((before) => ({ ...before, error })),
    );
    return () => {
      isOver = true;
    };
  }, [read, isWanted, tries]);
  const again = useCallback(() => setTries((before) => before + 1), []);
  return { ...loaded, again };
}
