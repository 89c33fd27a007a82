/** The list of a filter, kept up to date by the stream. */
import { useEffect, useState, useSyncExternalStore } from "react";
import { run } from "../../api/client";
import { onEvents } from "../../api/stream";
import type { ProcessFilter } from "../../gql/graphql";
import { PROCESSES } from "../../operations/processes";
import { ProcessList, type Read, type Shown } from "./processList";

const read: Read = async (variables) => {
  const { processes } = await run(PROCESSES, variables);
  const { nodes = [], pageInfo } = processes ?? {};
  return { rows: nodes, hasMore: pageInfo?.hasNextPage ?? false, cursor: pageInfo?.endCursor ?? null };
};

/** `filter` must stay the same object as long as its conditions are the same. */
export function useProcessList(filter: ProcessFilter): [ProcessList, Shown] {
  const [list] = useState(() => new ProcessList(read));
  useEffect(() => {
    // Events are heard before the list is read, so that nothing falls between.
    const stop = onEvents((events, isFresh) => {
      if (isFresh) void list.reload();
      else list.touch(events.map(({ processId }) => processId).filter((id) => id !== null && id !== undefined));
    });
    void list.filterBy(filter);
    return () => {
      stop();
      list.close();
    };
  }, [list, filter]);
  return [list, useSyncExternalStore(list.subscribe, list.get)];
}
