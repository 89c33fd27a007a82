/** All product subscriptions: search and filters in the address, rows that change where they stand. */
import { useCallback, useMemo, useState } from "react";
import { Link } from "wouter";
import { run } from "../../api/client";
import type { Source } from "../../api/rowList";
import { useLive } from "../../api/useLive";
import { useRowList } from "../../api/useRowList";
import { addresses } from "../../app/addresses";
import { usePageTitle } from "../../components/Announcer";
import { Badge } from "../../components/Badge";
import { ActiveFilters } from "../../components/filters/ActiveFilters";
import { toggled } from "../../components/filters/address";
import { SearchField } from "../../components/filters/SearchField";
import { StatusChips } from "../../components/filters/StatusChips";
import { useFilters, type Change } from "../../components/filters/useFilters";
import { Problem } from "../../components/Problem";
import { Time } from "../../components/Time";
import { NewRows, VirtualTable } from "../../components/VirtualTable";
import type { SubscriptionRowFragment } from "../../gql/graphql";
import { PRODUCT_SUBSCRIPTIONS, SUBSCRIPTION_NAMES } from "../../operations/products";
import { visible } from "../../visible";
import "../../styles/subscriptions.css";
import { FilterPanel } from "./FilterPanel";
import {
  activeFilters,
  comparison,
  filtersOf,
  LIFECYCLE_STATUSES,
  NAMES,
  ORDERS,
  subscriptionFilterOf,
  type Filters,
} from "./filters";
import { SyncMark } from "./SyncMark";

const COLUMNS = ["Product subscription", "Product", "Status", "In sync", "Customer", "Changed"];
const NO_FILTERS = Object.fromEntries(NAMES.map((name) => [name, ""]));

export default function Subscriptions() {
  usePageTitle("Products");
  const { filters, change } = useFilters(filtersOf);
  const [isOpen, setOpen] = useState(false);
  const source = useMemo(() => sourceOf(filters), [filters]);
  const [list, shown] = useRowList(source, (rows, events) =>
    rows.touch(events.flatMap((event) => ("productSubscriptionId" in event ? [event.productSubscriptionId] : []))),
  );
  const more = useCallback(() => void list.more(), [list]);
  const active = activeFilters(filters, useNames([filters.uses, filters.usedBy]));
  const isFiltered = active.length > 0 || filters.status.length > 0;
  return (
    <section className="with-table" aria-labelledby="subscriptions-title">
      <div className="page-head">
        <h1 id="subscriptions-title">Products</h1>
        <Link className="button primary" href={addresses.start()}>
          Start a workflow
        </Link>
      </div>
      <div className="filter-bar">
        <SearchField label="Search description, note, customer, product or id" name="q" value={filters.q} onChange={change} />
        <button type="button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          Filters
        </button>
      </div>
      {isOpen && <FilterPanel filters={filters} onChange={change} />}
      <StatusChips
        statuses={LIFECYCLE_STATUSES}
        chosen={filters.status}
        onToggle={(status) => change({ status: toggled(filters.status, status) })}
      />
      <ActiveFilters active={active} names={NAMES} onChange={change} />
      {filters.problems.length > 0 && <p className="error">{filters.problems.join(" ")}</p>}
      {shown.error && <Problem error={shown.error} title="The product subscriptions were not read." onRetry={() => void list.reload()} isRetrying={shown.isReading} />}
      <NewRows count={shown.newCount} onShow={() => void list.showNew()} />
      <VirtualTable
        label="Product subscriptions"
        columns={COLUMNS}
        shown={shown}
        empty={<Empty isFiltered={isFiltered} onChange={change} />}
        onEnd={more}
        cells={cellsOf}
      />
    </section>
  );
}

/** The descriptions of some product subscriptions; an id stands for itself until it is known. */
function useNames(wanted: readonly string[]): (id: string) => string {
  const ids = wanted.filter(Boolean);
  const { data } = useLive(SUBSCRIPTION_NAMES, { ids }, { concerns: () => false, isPaused: !ids.length });
  return (id) => data?.productSubscriptions?.nodes.find((node) => node.id === id)?.description ?? id;
}

function sourceOf(filters: Filters): Source<SubscriptionRowFragment> {
  const filter = subscriptionFilterOf(filters);
  const { field, direction } = ORDERS[filters.order];
  const read = async (first: number, after: string | null, wanted: typeof filter) => {
    const orderBy = { field, direction };
    const { productSubscriptions } = await run(PRODUCT_SUBSCRIPTIONS, { first, after, filter: wanted, orderBy });
    const { nodes = [], pageInfo } = productSubscriptions ?? {};
    return { rows: nodes, hasMore: pageInfo?.hasNextPage ?? false, cursor: pageInfo?.endCursor ?? null };
  };
  return {
    page: (first, after) => read(first, after, filter),
    byIds: async (ids, isMatching) => (await read(ids.length, null, { ...(isMatching && filter), ids: [...ids] })).rows,
    compare: comparison(filters.order),
    isOlder: (row, known) => row.version < known.version,
  };
}

function cellsOf(row: SubscriptionRowFragment) {
  return (
    <>
      <th scope="row" role="rowheader">
        <Link href={addresses.subscription(row.id)}>{visible(row.description)}</Link>
        {row.customerDescription && <span className="second">{row.customerDescription}</span>}
      </th>
      <td role="cell">{row.product.name}</td>
      <td role="cell">
        <Badge status={row.status} />
      </td>
      <td role="cell">
        <SyncMark subscription={row} />
      </td>
      <td role="cell">{row.customerId}</td>
      <td role="cell">
        <Time at={row.updatedAt} isRelative />
      </td>
    </>
  );
}

function Empty({ isFiltered, onChange }: { isFiltered: boolean; onChange: Change }) {
  if (!isFiltered) {
    return (
      <p>
        There are no product subscriptions yet. <Link href={addresses.start()}>Start a workflow</Link> that creates one.
      </p>
    );
  }
  return (
    <>
      <p>No product subscription matches these filters.</p>
      <button type="button" onClick={() => onChange(NO_FILTERS)}>
        Clear all filters
      </button>
    </>
  );
}
