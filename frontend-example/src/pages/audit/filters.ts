/** The filters of the audit log: in the address, and as the server takes them. */
import type { AuditFilter } from "../../gql/graphql";
import type { Zone } from "../../time";

export interface Filters {
  action: string;
  actor: string;
  process: string;
  /** Instants in UTC, so that a link means the same to a reader elsewhere. */
  from: string;
  to: string;
}

const NAMES = ["action", "actor", "process", "from", "to"] as const;

export function readFilters(parameters: URLSearchParams): Filters {
  const [action = "", actor = "", process = "", from = "", to = ""] = NAMES.map((name) => parameters.get(name) ?? "");
  return { action, actor, process, from, to };
}

export function writeFilters(filters: Filters): URLSearchParams {
  return new URLSearchParams(NAMES.flatMap((name) => (filters[name] ? [[name, filters[name]]] : [])));
}

export function filterOf({ action, actor, process, from, to }: Filters): AuditFilter {
  return {
    ...(action && { actions: [action] }),
    ...(actor.trim() && { actorId: actor.trim() }),
    ...(process.trim() && { processId: process.trim() }),
    ...((from || to) && { at: { ...(from && { from }), ...(to && { to }) } }),
  };
}

/** What a person typed into a field for a local time, as an instant; empty if it is no time. */
export function instantOf(typed: string, zone: Zone): string {
  const date = new Date(zone === "UTC" ? `${typed}Z` : typed);
  return typed === "" || Number.isNaN(date.getTime()) ? "" : date.toISOString();
}

/** The instant as a field for a local time shows it, by the clock of the reader. */
export function localOf(instant: string, zone: Zone): string {
  const date = new Date(instant);
  if (instant === "" || Number.isNaN(date.getTime())) return "";
  const shift = zone === "UTC" ? 0 : date.getTimezoneOffset() * 60_000;
  return new Date(date.getTime() - shift).toISOString().slice(0, 16);
}
