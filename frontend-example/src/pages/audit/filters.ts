/** The filters of the audit log: as the address has them, as the server wants them, and in words. */
import { serverNow } from "../../api/serverClock";
import type { ActiveFilter } from "../../components/filters/ActiveFilters";
import type { AuditFilter } from "../../gql/graphql";
import { moment, type Zone } from "../../time";

/** The parameters of the address. */
export const NAMES = ["action", "actor", "process", "from", "to"] as const;

export interface Filters {
  action: string;
  /** The id of the person, machine or service that acted. */
  actor: string;
  process: string;
  from: string;
  to: string;
  /** Values of the address that are no filters, in words. */
  problems: string[];
}

const isMoment = (value: string): boolean => value === "" || !Number.isNaN(Date.parse(value));

export function filtersOf(parameters: URLSearchParams): Filters {
  const one = (name: (typeof NAMES)[number]): string => parameters.get(name)?.trim() ?? "";
  const [from, to] = [one("from"), one("to")];
  return {
    action: one("action"),
    actor: one("actor"),
    process: one("process"),
    from: isMoment(from) ? from : "",
    to: isMoment(to) ? to : "",
    problems: [from, to].filter((value) => !isMoment(value)).map((value) => `“${value}” is no time.`),
  };
}

/** What the server is asked for; only conditions that are set. */
export function auditFilterOf({ action, actor, process, from, to }: Filters): AuditFilter {
  const filter: AuditFilter = {};
  if (action) filter.actions = [action];
  if (actor) filter.actorId = actor;
  if (process) filter.processId = process;
  if (from || to) filter.at = { from: from || null, to: to || null };
  return filter;
}

export function activeFilters({ action, actor, process, from, to }: Filters, zone: Zone): ActiveFilter[] {
  const time = (value: string): string => moment(value, zone, serverNow());
  const words: Record<(typeof NAMES)[number], string> = {
    action: action && `Action: ${action}`,
    actor: actor && `By ${actor}`,
    process: process && `Process: ${process}`,
    from: from && `From ${time(from)}`,
    to: to && `Before ${time(to)}`,
  };
  return Object.entries(words).flatMap(([name, text]) => (text ? [{ name, words: text }] : []));
}
