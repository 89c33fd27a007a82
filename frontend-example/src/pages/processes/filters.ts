/** The filters of the list of processes: as the address has them, as the server wants them, and in words. */
import { serverNow } from "../../api/serverClock";
import type { ActiveFilter } from "../../components/filters/ActiveFilters";
import type { ProcessFilter, ProcessStatus } from "../../gql/graphql";
import { PROCESS_STATUSES } from "../../status";
import { moment, type Zone } from "../../time";
import { isOrder } from "./orders";

/** The parameters of the address that are conditions. */
export const NAMES = ["q", "status", "workflow", "product", "team", "by", "code", "from", "to"] as const;

export interface Filters {
  q: string;
  status: ProcessStatus[];
  workflow: string;
  product: string;
  team: string;
  /** The id of the user who started the process. */
  by: string;
  code: string;
  from: string;
  to: string;
  /** The name of the order; empty for the newest first. It is no condition, so clearing the filters keeps it. */
  order: string;
  /** Values of the address that are no filters, in words. */
  problems: string[];
}

const isStatus = (value: string): value is ProcessStatus => (PROCESS_STATUSES as readonly string[]).includes(value);
const isMoment = (value: string): boolean => !value || !Number.isNaN(Date.parse(value));

export function filtersOf(parameters: URLSearchParams): Filters {
  const one = (name: string): string => parameters.get(name)?.trim() ?? "";
  const [from, to] = [one("from"), one("to")];
  const statuses = parameters.getAll("status");
  const order = one("order");
  const problems = [
    ...statuses.filter((status) => !isStatus(status)).map((status) => `There is no status “${status}”.`),
    ...[from, to].filter((value) => !isMoment(value)).map((value) => `“${value}” is no time.`),
    ...(order && !isOrder(order) ? [`There is no order “${order}”.`] : []),
  ];
  return {
    q: one("q"),
    status: statuses.filter(isStatus),
    workflow: one("workflow"),
    product: one("product"),
    team: one("team"),
    by: one("by"),
    code: one("code"),
    from: isMoment(from) ? from : "",
    to: isMoment(to) ? to : "",
    order: isOrder(order) ? order : "",
    problems,
  };
}

/** What the server is asked for; only conditions that are set, so an empty filter allows everything. */
export function processFilterOf({ q, status, workflow, product, team, by, code, from, to }: Filters): ProcessFilter {
  const filter: ProcessFilter = {};
  if (q) filter.search = q;
  if (status.length) filter.statuses = status;
  if (workflow) filter.workflowNames = [workflow];
  if (product) filter.products = [product];
  if (team) filter.assigneeKeys = [team];
  if (by) filter.createdBy = by;
  if (code) filter.failureCodes = [code];
  if (from || to) filter.startedAt = { from: from || null, to: to || null };
  return filter;
}

/** The filters that no chip shows, in words. */
export function activeFilters(filters: Filters, viewerId: string | null, zone: Zone): ActiveFilter[] {
  const time = (value: string): string => moment(value, zone, serverNow());
  const words: Partial<Record<(typeof NAMES)[number], string>> = {
    q: filters.q && `“${filters.q}”`,
    workflow: filters.workflow && `Workflow: ${filters.workflow}`,
    product: filters.product && `Product: ${filters.product}`,
    team: filters.team && `Waits for: ${filters.team}`,
    by: filters.by && `Started by ${filters.by === viewerId ? "me" : filters.by}`,
    code: filters.code && `Failure: ${filters.code}`,
    from: filters.from && `Started after ${time(filters.from)}`,
    to: filters.to && `Started before ${time(filters.to)}`,
  };
  return Object.entries(words).flatMap(([name, text]) => (text ? [{ name, words: text }] : []));
}
