/** The processes that a filter allows, in an order. */
import { run } from "../../api/client";
import type { Page, Source } from "../../api/rowList";
import type { ProcessFilter, ProcessOrder, ProcessRowFragment } from "../../gql/graphql";
import { PROCESSES } from "../../operations/processes";
import { compare } from "./orders";

export interface Wanted {
  first: number;
  after: string | null;
  filter: ProcessFilter;
  order: ProcessOrder;
}

export type Read = (variables: Wanted) => Promise<Page<ProcessRowFragment>>;

const readProcesses: Read = async (variables) => {
  const { processes } = await run(PROCESSES, variables);
  const { nodes = [], pageInfo } = processes ?? {};
  return { rows: nodes, hasMore: pageInfo?.hasNextPage ?? false, cursor: pageInfo?.endCursor ?? null };
};

export function sourceOf(filter: ProcessFilter, order: ProcessOrder, read: Read = readProcesses): Source<ProcessRowFragment> {
  return {
    page: (first, after) => read({ first, after, filter, order }),
    byIds: async (ids, isFiltered) =>
      (await read({ first: ids.length, after: null, filter: { ...(isFiltered && filter), ids: [...ids] }, order })).rows,
    compare: (a, b) => compare(order, a, b),
    isOlder: (row, known) => row.version < known.version,
    ignoresFilter: Object.keys(filter).length === 0,
  };
}
