/** A list of rows for a component: read at once, read again if the stream begins anew, closed with the component. */
import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { onEvents, type StreamEvent } from "./stream";
import { RowList, type Shown, type Source } from "./rowList";

/** `follow` tells the list what events mean for it; another `source` is another list, whose rows take the place of these. */
export function useRowList<Row extends { id: string }>(
  source: Source<Row>,
  follow: (list: RowList<Row>, events: readonly StreamEvent[]) => void,
): [RowList<Row>, Shown<Row>] {
  const [list] = useState(() => new RowList(source));
  const latest = useRef(follow);
  latest.current = follow;
  useEffect(() => {
    // Events are heard before the list is read, so that nothing falls between.
    const stop = onEvents((events, isFresh) => {
      if (isFresh) void list.reload();
      else latest.current(list, events);
    });
    void list.show(source);
    return () => {
      stop();
      list.close();
    };
  }, [list, source]);
  return [list, useSyncExternalStore(list.subscribe, list.get)];
}
