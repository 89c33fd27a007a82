/** The filters of the list of product subscriptions: in the address, and as the server takes them. */
import type {
  LifecycleStatus,
  ProductSubscriptionFilter,
  ProductSubscriptionOrder,
} from "../../gql/graphql";

export const LIFECYCLE_STATUSES: readonly LifecycleStatus[] = [
  "ACTIVE",
  "PROVISIONING",
  "MIGRATING",
  "INITIAL",
  "DISABLED",
  "TERMINATED",
];

export const ORDERS = {
  newest: { words: "Newest first", field: "CREATED_AT", direction: "DESC" },
  oldest: { words: "Oldest first", field: "CREATED_AT", direction: "ASC" },
  changed: { words: "Last changed first", field: "UPDATED_AT", direction: "DESC" },
  unchanged: { words: "Longest unchanged first", field: "UPDATED_AT", direction: "ASC" },
} as const satisfies Record<string, ProductSubscriptionOrder & { words: string }>;

export type Order = keyof typeof ORDERS;

export interface Filters {
  search: string;
  products: readonly string[];
  statuses: readonly LifecycleStatus[];
  sync: "" | "in" | "out";
  customer: string;
  /** The value that a field of the model has; only complete if both are given. */
  path: string;
  value: string;
  /** The id of a subscription whose users are listed, and of one whose blocks' owners are. */
  uses: string;
  usedBy: string;
  order: Order;
}

/** Names in the address are short words, since people read and change them. */
export function readFilters(parameters: URLSearchParams): Filters {
  const text = (name: string): string => parameters.get(name) ?? "";
  const sync = text("sync");
  const order = text("order");
  return {
    search: text("q"),
    products: parameters.getAll("product"),
    statuses: LIFECYCLE_STATUSES.filter((status) => parameters.getAll("status").includes(status)),
    sync: sync === "in" || sync === "out" ? sync : "",
    customer: text("customer"),
    path: text("path"),
    value: text("value"),
    uses: text("uses"),
    usedBy: text("usedBy"),
    order: Object.hasOwn(ORDERS, order) ? (order as Order) : "newest",
  };
}

export function writeFilters(filters: Filters): URLSearchParams {
  const { search, products, statuses, sync, customer, path, value, uses, usedBy, order } = filters;
  const named: [string, string][] = [
    ["q", search],
    ...products.map((name): [string, string] => ["product", name]),
    ...statuses.map((status): [string, string] => ["status", status]),
    ["sync", sync],
    ["customer", customer],
    ["path", path],
    ["value", value],
    ["uses", uses],
    ["usedBy", usedBy],
    ["order", order === "newest" ? "" : order],
  ];
  return new URLSearchParams(named.filter(([, given]) => given !== ""));
}

export function variablesOf(filters: Filters): { filter: ProductSubscriptionFilter; orderBy: ProductSubscriptionOrder } {
  const { search, products, statuses, sync, customer, path, value, uses, usedBy, order } = filters;
  const { field, direction } = ORDERS[order];
  return {
    filter: {
      ...(search.trim() && { search: search.trim() }),
      ...(products.length && { products: [...products] }),
      ...(statuses.length && { statuses: [...statuses] }),
      ...(sync && { inSync: sync === "in" }),
      ...(customer.trim() && { customerId: customer.trim() }),
      // The server reads the text as the field does, so "100" finds the number 100.
      ...(path.trim() && value !== "" && { fields: [{ path: path.trim(), value }] }),
      ...(uses && { dependsOnId: uses }),
      ...(usedBy && { inUseById: usedBy }),
    },
    orderBy: { field, direction },
  };
}

export function isFiltered(filters: Filters): boolean {
  return writeFilters({ ...filters, order: "newest" }).size > 0;
}

/** The value by which a list is ordered, so that a row that comes later finds its place. */
export function comparison(order: Order): (a: Placed, b: Placed) => number {
  const { field, direction } = ORDERS[order];
  const sign = direction === "ASC" ? 1 : -1;
  const key = field === "CREATED_AT" ? "createdAt" : "updatedAt";
  return (a, b) => sign * (a[key].localeCompare(b[key]) || a.id.localeCompare(b.id));
}

interface Placed {
  id: string;
  createdAt: string;
  updatedAt: string;
}
