/** The filters of the notifications: as the address has them, as the server wants them, and in words. */
import type { ActiveFilter } from "../../components/filters/ActiveFilters";
import type { NotificationFilter, NotificationStatus } from "../../gql/graphql";

/** The parameters of the address. */
export const NAMES = ["status", "target", "process"] as const;

/** In the order in which an operator asks for them. */
export const STATUSES: readonly NotificationStatus[] = ["DEAD", "PENDING", "SENT"];

export interface Filters {
  status: NotificationStatus[];
  target: string;
  process: string;
  /** Values of the address that are no filters, in words. */
  problems: string[];
}

const isStatus = (value: string): value is NotificationStatus => (STATUSES as readonly string[]).includes(value);

export function filtersOf(parameters: URLSearchParams): Filters {
  const statuses = parameters.getAll("status");
  return {
    status: statuses.filter(isStatus),
    target: parameters.get("target")?.trim() ?? "",
    process: parameters.get("process")?.trim() ?? "",
    problems: statuses.filter((status) => !isStatus(status)).map((status) => `There is no status “${status}”.`),
  };
}

/** What the server is asked for; only conditions that are set. */
export function notificationFilterOf({ status, target, process }: Filters): NotificationFilter {
  const filter: NotificationFilter = {};
  if (status.length) filter.statuses = status;
  if (target) filter.targets = [target];
  if (process) filter.processId = process;
  return filter;
}

export function activeFilters({ target, process }: Filters): ActiveFilter[] {
  return [
    ...(target ? [{ name: "target", words: `Target: ${target}` }] : []),
    ...(process ? [{ name: "process", words: `Process: ${process}` }] : []),
  ];
}
