/** A reading that is repeated only for a reason: other variables, a line that came back, or a press of a button. */
import { useCallback, useEffect, useRef, useState } from "react";
import { liveState } from "./stream";

export interface Reading<T> {
  data: T | null;
  error: Error | null;
  isReading: boolean;
  again: () => void;
}

/**
 * What `read` answers, read anew when the key changes, and when the server is back: it may be another version. An error
 * is not tried again by itself, because what fails is often an author's code, which takes its time and fills the log.
 */
export function useReading<T>(read: () => Promise<T>, key: string | null): Reading<T> {
  const [state, setState] = useState<Omit<Reading<T>, "again">>({ data: null, error: null, isReading: true });
  const latest = useRef(read);
  latest.current = read;
  const generation = useRef(0);

  const again = useCallback((): void => {
    const own = ++generation.current;
    setState((before) => ({ ...before, isReading: true }));
    latest.current().then(
      (data) => own === generation.current && setState({ data, error: null, isReading: false }),
      (problem: Error) => own === generation.current && setState(({ data }) => ({ data, error: problem, isReading: false })),
    );
  }, []);

  useEffect(() => {
    if (key === null) return;
    setState({ data: null, error: null, isReading: true });
    again();
    return () => void generation.current++;
  }, [key, again]);

  useEffect(() => (key === null ? undefined : onceBack(again)), [key, again]);

  return { ...state, again };
}

/** Call the listener each time the line is live again after it was not. */
function onceBack(listener: () => void): () => void {
  let wasLost = liveState.get() === "reconnecting";
  return liveState.subscribe(() => {
    const now = liveState.get();
    if (now === "reconnecting") wasLost = true;
    if (now !== "live" || !wasLost) return;
    wasLost = false;
    listener();
  });
}
