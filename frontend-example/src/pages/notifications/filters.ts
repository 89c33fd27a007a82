/** The filters of the notifications: in the address, and as the server takes them. */
import type { NotificationFilter, NotificationStatus } from "../../gql/graphql";

/** In the order in which an operator asks for them. */
export const STATUSES: readonly NotificationStatus[] = ["DEAD", "PENDING", "SENT"];

export interface Filters {
  statuses: readonly NotificationStatus[];
  target: string;
  process: string;
}

export function readFilters(parameters: URLSearchParams): Filters {
  return {
    statuses: STATUSES.filter((status) => parameters.getAll("status").includes(status)),
    target: parameters.get("target") ?? "",
    process: parameters.get("process") ?? "",
  };
}

export function writeFilters({ statuses, target, process }: Filters): URLSearchParams {
  const named = [...statuses.map((status) => ["status", status]), ["target", target], ["process", process]];
  return new URLSearchParams(named.filter(([, given]) => given !== ""));
}

export function filterOf({ statuses, target, process }: Filters): NotificationFilter {
  return {
    ...(statuses.length && { statuses: [...statuses] }),
    ...(target.trim() && { targets: [target.trim()] }),
    ...(process.trim() && { processId: process.trim() }),
  };
}
