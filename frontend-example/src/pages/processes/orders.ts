/** The orders of the list of processes: as the address names them, in words, and as the server and the page sort. */
import type { Option } from "../../components/filters/Choice";
import type { ProcessOrder, ProcessRowFragment } from "../../gql/graphql";

type Order = ProcessOrder & { label: string };

/** The order that stands in no address. */
const NEWEST: Order = { label: "Newest first", field: "STARTED_AT", direction: "DESC" };

const OTHERS: Readonly<Record<string, Order>> = {
  oldest: { label: "Oldest first", field: "STARTED_AT", direction: "ASC" },
  changed: { label: "Latest change first", field: "UPDATED_AT", direction: "DESC" },
  unchanged: { label: "Longest unchanged first", field: "UPDATED_AT", direction: "ASC" },
};

export const NEWEST_FIRST = NEWEST.label;
export const ORDER_OPTIONS: readonly Option[] = Object.entries(OTHERS).map(([value, { label }]) => ({ value, label }));

export const isOrder = (name: string): boolean => Object.hasOwn(OTHERS, name);

/** What the server is asked for; one object for each name. */
const ASKED = new Map(["", ...Object.keys(OTHERS)].map((name) => [name, asked(OTHERS[name] ?? NEWEST)]));

function asked({ field, direction }: Order): ProcessOrder {
  return { field, direction };
}

export const orderOf = (name: string): ProcessOrder => ASKED.get(name) ?? asked(NEWEST);

/** Negative if `one` stands before `other`; the server breaks ties by the id, in the same direction. */
export function compare({ field, direction }: ProcessOrder, one: ProcessRowFragment, other: ProcessRowFragment): number {
  const [a, b] = field === "STARTED_AT" ? [one.startedAt, other.startedAt] : [one.updatedAt, other.updatedAt];
  const rising = a.localeCompare(b) || one.id.localeCompare(other.id);
  return direction === "ASC" ? rising : -rising;
}
