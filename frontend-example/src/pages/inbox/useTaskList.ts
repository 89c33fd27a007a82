/** The tasks of a filter, kept up to date by the stream. */
import { useEffect, useState, useSyncExternalStore } from "react";
import { run } from "../../api/client";
import { onEvents } from "../../api/stream";
import type { InboxTaskFragment, InputRequestFilter } from "../../gql/graphql";
import { INBOX, INBOX_TASKS } from "../../operations/inbox";
import { MOST_SHOWN, TaskList, type Reads, type Shown, type Task } from "./taskList";

const READS: Reads = {
  open: async (filter, first) => {
    const variables = { first, overdue: { ...filter, overdue: true }, others: { ...filter, overdue: false } };
    const { overdue, others } = await run(INBOX, variables);
    const found = [...(overdue?.nodes ?? []), ...(others?.nodes ?? [])];
    const hasMore = Boolean(overdue?.pageInfo.hasNextPage || others?.pageInfo.hasNextPage);
    return { tasks: found.slice(0, MOST_SHOWN), hasMore: hasMore || found.length > MOST_SHOWN };
  },
  byId: async (ids) => ((await run(INBOX_TASKS, { ids: [...ids] })).nodes ?? []).filter(isTask),
};

/** The ids are of input requests, so what is not a task no longer exists. */
const isTask = (node: InboxTaskFragment | Record<string, never> | null): node is Task => node !== null && "version" in node;

/** `filter` must stay the same object as long as its conditions are the same. */
export function useTaskList(filter: InputRequestFilter): [TaskList, Shown] {
  const [list] = useState(() => new TaskList(READS));
  useEffect(() => {
    const stop = onEvents((events, isFresh) => {
      if (isFresh) void list.refresh();
      else if (events.some(({ __typename }) => __typename.startsWith("Input"))) list.touch();
    });
    void list.filterBy(filter);
    return () => {
      stop();
      list.close();
    };
  }, [list, filter]);
  return [list, useSyncExternalStore(list.subscribe, list.get)];
}
