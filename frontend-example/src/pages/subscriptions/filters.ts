/** The filters of the list of product subscriptions: as the address has them, as the server wants them, and in words. */
import type { ActiveFilter } from "../../components/filters/ActiveFilters";
import type { LifecycleStatus, ProductSubscriptionFilter, ProductSubscriptionOrder } from "../../gql/graphql";

/** The parameters of the address that narrow the list; the order is none. */
export const NAMES = ["q", "status", "product", "sync", "customer", "path", "value", "uses", "usedBy"] as const;

export const LIFECYCLE_STATUSES: readonly LifecycleStatus[] = [
  "ACTIVE",
  "PROVISIONING",
  "MIGRATING",
  "INITIAL",
  "DISABLED",
  "TERMINATED",
];

/** Without a name in the address: the newest first. */
export const ORDERS = {
  "": { words: "Newest first", field: "CREATED_AT", direction: "DESC" },
  oldest: { words: "Oldest first", field: "CREATED_AT", direction: "ASC" },
  changed: { words: "Last changed first", field: "UPDATED_AT", direction: "DESC" },
  unchanged: { words: "Longest unchanged first", field: "UPDATED_AT", direction: "ASC" },
} as const satisfies Record<string, ProductSubscriptionOrder & { words: string }>;

export type Order = keyof typeof ORDERS;

export interface Filters {
  q: string;
  status: LifecycleStatus[];
  product: string;
  sync: "" | "in" | "out";
  customer: string;
  /** The value that a field of the model has; a condition only if both are given. */
  path: string;
  value: string;
  /** The id of a subscription whose users are listed, and of a subscription that uses the listed ones. */
  uses: string;
  usedBy: string;
  order: Order;
  /** Values of the address that are no filters, in words. */
  problems: string[];
}

const isStatus = (value: string): value is LifecycleStatus => (LIFECYCLE_STATUSES as readonly string[]).includes(value);

export function filtersOf(parameters: URLSearchParams): Filters {
  const one = (name: string): string => parameters.get(name)?.trim() ?? "";
  const [sync, order, statuses] = [one("sync"), one("order"), parameters.getAll("status")];
  const isSync = sync === "" || sync === "in" || sync === "out";
  const isOrder = Object.hasOwn(ORDERS, order);
  return {
    q: one("q"),
    status: statuses.filter(isStatus),
    product: one("product"),
    sync: isSync ? sync : "",
    customer: one("customer"),
    path: one("path"),
    value: one("value"),
    uses: one("uses"),
    usedBy: one("usedBy"),
    order: isOrder ? (order as Order) : "",
    problems: [
      ...statuses.filter((status) => !isStatus(status)).map((status) => `There is no status “${status}”.`),
      ...(isSync ? [] : [`“${sync}” is neither “in” nor “out” of sync.`]),
      ...(isOrder ? [] : [`There is no order “${order}”.`]),
    ],
  };
}

/** What the server is asked for; only conditions that are set, so an empty filter allows everything. */
export function subscriptionFilterOf(filters: Filters): ProductSubscriptionFilter {
  const { q, status, product, sync, customer, path, value, uses, usedBy } = filters;
  const filter: ProductSubscriptionFilter = {};
  if (q) filter.search = q;
  if (status.length) filter.statuses = status;
  if (product) filter.products = [product];
  if (sync) filter.inSync = sync === "in";
  if (customer) filter.customerId = customer;
  // The server reads the text as the field does, so "100" finds the number 100.
  if (path && value) filter.fields = [{ path, value }];
  if (uses) filter.dependsOnId = uses;
  if (usedBy) filter.inUseById = usedBy;
  return filter;
}

/** The filters that no chip shows, in words; `nameOf` gives the description of a subscription. */
export function activeFilters(filters: Filters, nameOf: (id: string) => string): ActiveFilter[] {
  const { q, product, sync, customer, path, value, uses, usedBy } = filters;
  const words: Partial<Record<(typeof NAMES)[number], string>> = {
    q: q && `“${q}”`,
    product: product && `Product: ${product}`,
    sync: sync && (sync === "in" ? "In sync" : "Out of sync or locked"),
    customer: customer && `Customer: ${customer}`,
    path: path && (value ? `${path} is ${value}` : `${path}: no value yet`),
    uses: uses && `Uses ${nameOf(uses)}`,
    usedBy: usedBy && `Used by ${nameOf(usedBy)}`,
  };
  return Object.entries(words).flatMap(([name, text]) => (text ? [{ name, words: text }] : []));
}

interface Placed {
  id: string;
  createdAt: string;
  updatedAt: string;
}

/** How the server orders the list, so that a row that comes later finds its place. */
export function comparison(order: Order): (a: Placed, b: Placed) => number {
  const { field, direction } = ORDERS[order];
  const sign = direction === "ASC" ? 1 : -1;
  const key = field === "CREATED_AT" ? "createdAt" : "updatedAt";
  return (a, b) => sign * (a[key].localeCompare(b[key]) || a.id.localeCompare(b.id));
}
