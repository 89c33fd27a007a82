/** The filters of the tasks: as the address has them, as the server wants them, and in words. */
import type { ActiveFilter } from "../../components/filters/ActiveFilters";
import type { InputRequestFilter } from "../../gql/graphql";

/** The parameters of the address. */
export const NAMES = ["q", "team", "workflow"] as const;

export const SHELVES = {
  mine: { name: "For me", empty: "Nothing waits for you." },
  unclaimed: { name: "Not claimed", empty: "Every task that waits for you is claimed." },
  claimed: { name: "Claimed by me", empty: "You have claimed no task that is still open." },
  all: { name: "All open", empty: "No person is asked anything now." },
} as const;

export type Shelf = keyof typeof SHELVES;

export interface Filters {
  shelf: Shelf;
  q: string;
  team: string;
  workflow: string;
}

export function filtersOf(parameters: URLSearchParams): Filters {
  const one = (name: string): string => parameters.get(name)?.trim() ?? "";
  const shelf = one("show");
  return { shelf: Object.hasOwn(SHELVES, shelf) ? (shelf as Shelf) : "mine", q: one("q"), team: one("team"), workflow: one("workflow") };
}

/** What the server is asked for. A person who is not known has claimed nothing. */
export function requestFilterOf({ shelf, q, team, workflow }: Filters, viewerId: string | null): InputRequestFilter {
  const filter: InputRequestFilter = {};
  if (shelf === "mine" || shelf === "unclaimed") filter.mine = true;
  if (shelf === "unclaimed") filter.claimed = false;
  if (shelf === "claimed") filter.claimedBy = viewerId ?? "";
  if (q) filter.search = q;
  if (team) filter.assigneeKeys = [team];
  if (workflow) filter.workflowNames = [workflow];
  return filter;
}

export function activeFilters({ q, team, workflow }: Filters): ActiveFilter[] {
  return [
    ...(q ? [{ name: "q", words: `“${q}”` }] : []),
    ...(team ? [{ name: "team", words: `Team: ${team}` }] : []),
    ...(workflow ? [{ name: "workflow", words: `Workflow: ${workflow}` }] : []),
  ];
}
