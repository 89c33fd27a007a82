/** All product subscriptions: search and filters in the address, rows that change where they stand. */
import { useCallback, useMemo } from "react";
import { Link } from "wouter";
import { run } from "../../api/client";
import type { Source } from "../../api/rowList";
import { useRowList } from "../../api/useRowList";
import { addresses } from "../../app/addresses";
import { usePageTitle } from "../../components/Announcer";
import { Badge } from "../../components/Badge";
import { Problem } from "../../components/Problem";
import { Time } from "../../components/Time";
import { NewRows, VirtualTable } from "../../components/VirtualTable";
import type { SubscriptionRowFragment } from "../../gql/graphql";
import { PRODUCT_SUBSCRIPTIONS } from "../../operations/products";
import "../../styles/subscriptions.css";
import { FilterBar } from "./FilterBar";
import { comparison, isFiltered, variablesOf, type Filters } from "./filters";
import { SyncMark } from "./SyncMark";
import { useFilters, type ChangeFilters } from "./useFilters";

const COLUMNS = ["Product subscription", "Product", "Status", "In sync", "Customer", "Changed"];

export default function Subscriptions() {
  usePageTitle("Products");
  const [filters, change] = useFilters();
  const source = useMemo(() => sourceOf(filters), [filters]);
  const [list, shown] = useRowList(source, (rows, events) =>
    rows.touch(events.flatMap((event) => ("productSubscriptionId" in event ? [event.productSubscriptionId] : []))),
  );
  const more = useCallback(() => void list.more(), [list]);
  return (
    <section aria-labelledby="subscriptions-title">
      <div className="page-head">
        <h2 id="subscriptions-title">Products</h2>
        <Link className="button primary" href={addresses.start()}>
          Start a workflow
        </Link>
      </div>
      <FilterBar filters={filters} change={change} />
      {shown.error && (
        <Problem error={shown.error} title="The list was not read." onRetry={() => void list.reload()} isRetrying={shown.isReading} />
      )}
      <NewRows count={shown.newCount} onShow={() => list.showNew()} />
      {(!shown.error || shown.rows.length > 0) && (
        <VirtualTable
          label="Product subscriptions"
          columns={COLUMNS}
          shown={shown}
          empty={<Empty filters={filters} change={change} />}
          onEnd={more}
          cells={cellsOf}
        />
      )}
    </section>
  );
}

function sourceOf(filters: Filters): Source<SubscriptionRowFragment> {
  const { filter, orderBy } = variablesOf(filters);
  const read = async (first: number, after: string | null, wanted: typeof filter) => {
    const { productSubscriptions } = await run(PRODUCT_SUBSCRIPTIONS, { first, after, filter: wanted, orderBy });
    const { nodes = [], pageInfo } = productSubscriptions ?? {};
    return { rows: nodes, hasMore: pageInfo?.hasNextPage ?? false, cursor: pageInfo?.endCursor ?? null };
  };
  return {
    page: (first, after) => read(first, after, filter),
    byIds: async (ids, isMatching) =>
      (await read(ids.length, null, { ...(isMatching && filter), ids: [...ids] })).rows,
    compare: comparison(filters.order),
    isOlder: (row, known) => row.version < known.version,
  };
}

function cellsOf(row: SubscriptionRowFragment) {
  return (
    <>
      <th scope="row" role="rowheader">
        <Link href={addresses.subscription(row.id)}>{row.description}</Link>
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

function Empty({ filters, change }: { filters: Filters; change: ChangeFilters }) {
  if (!isFiltered(filters)) {
    return (
      <p>
        There are no product subscriptions yet. <Link href={addresses.start()}>Start a workflow</Link> that creates one.
      </p>
    );
  }
  return (
    <p>
      No product subscription matches.{" "}
      <button type="button" className="quiet" onClick={() => change(NO_FILTERS)}>
        Remove all filters
      </button>
    </p>
  );
}

const NO_FILTERS: Partial<Filters> = {
  search: "",
  products: [],
  statuses: [],
  sync: "",
  customer: "",
  path: "",
  value: "",
  uses: "",
  usedBy: "",
};
