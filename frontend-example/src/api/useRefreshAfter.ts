/** Reads again after events that may concern a page but mostly do not: gently, however many there are. */
import { useEffect, useRef } from "react";
import { onEvents, type StreamEvent } from "./stream";

const AT_MOST_EVERY = 2_000;

export function useRefreshAfter(mayConcern: (event: StreamEvent) => boolean, refresh: () => void): void {
  const latest = useRef({ mayConcern, refresh });
  latest.current = { mayConcern, refresh };
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = onEvents((events) => {
      if (timer !== undefined || !events.some(latest.current.mayConcern)) return;
      timer = setTimeout(() => {
        timer = undefined;
        latest.current.refresh();
      }, AT_MOST_EVERY);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, []);
}
