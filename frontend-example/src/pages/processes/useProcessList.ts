/** The list of a filter, kept up to date by the stream. */
import { useEffect, useState, useSyncExternalStore } from "react";
import { run } from "../../api/client";
import { onEvents } from "../../api/stream";
import type { ProcessFilter, ProcessOrder } from "../../gql/graphql";
import { PROCESSES } from "../../operations/processes";
import { ProcessList, type Read, type Shown } from "./processList";

const read: Read = async (variables) => {
  const { processes } = await run(PROCESSES, variables);
  const { nodes = [], pageInfo } = processes ?? {};
  return { rows: nodes, hasMore: pageInfo?.hasNextPage ?? false, cursor: pageInfo?.endCursor ?? null };
};

/** `filter` and `order` must stay the same objects as long as they say the same. */
export function useProcessList(filter: ProcessFilter, order: ProcessOrder): [ProcessList, Shown] {
  const [list] = useState(() => new ProcessList(read));
  useEffect(() => {
    // Events are heard before the list is read, so that nothing falls between.
    const stop = onEvents((events, isFresh) => {
      if (isFresh) void list.reload();
      else list.touch(events.map(({ processId }) => processId).filter((id) => id !== null && id !== undefined));
    });
    void list.show(filter, order);
    return () => {
      stop();
      list.close();
    };
  }, [list, filter, order]);
  return [list, useSyncExternalStore(list.subscribe, list.get)];
}
