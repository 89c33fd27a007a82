/** A list of rows for a component: read at once, read again if the stream begins anew, closed with the component. */
import { useEffect, useMemo, useRef, useSyncExternalStore } from "react";
import { ApiError } from "./client";
import { onEvents, type StreamEvent } from "./stream";
import { RowList, type Shown, type Source } from "./rowList";

/** `follow` tells the list what events mean for it; another `source` is another list. */
export function useRowList<Row extends { id: string }>(
  source: Source<Row>,
  follow: (list: RowList<Row>, events: readonly StreamEvent[]) => void,
): [RowList<Row>, Shown<Row>] {
  const list = useMemo(() => new RowList(source), [source]);
  const latest = useRef(follow);
  latest.current = follow;
  const isFirst = useRef(true);
  useEffect(() => {
    // Where the former list was scrolled to means nothing in another list.
    if (!isFirst.current) window.scrollTo(0, 0);
    isFirst.current = false;
    void list.reload();
    const stop = onEvents((events, isFresh) => {
      const { error, isReading } = list.get();
      // The stream is back, so the server is: what failed meanwhile is read again without a click.
      if (isFresh || (isOutage(error) && !isReading)) void list.reload();
      else latest.current(list, events);
    });
    return () => {
      stop();
      list.close();
    };
  }, [list]);
  return [list, useSettled(useSyncExternalStore(list.subscribe, list.get))];
}

/** The server did not answer; an answer that refuses has a code. */
const isOutage = (error: Error | null): boolean => error instanceof ApiError && error.code === null;

/** While another list is read for the first time, the rows of the former one stay: a filter leaves no gap. */
function useSettled<Row>(shown: Shown<Row>): Shown<Row> {
  const settled = useRef(shown);
  const isFirst = shown.isReading && !shown.rows.length && !shown.error;
  if (!isFirst) settled.current = shown;
  return isFirst ? { ...settled.current, newCount: 0, hasMore: false, isReading: true, error: null } : shown;
}
