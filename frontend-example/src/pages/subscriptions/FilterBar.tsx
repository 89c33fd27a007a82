/** What narrows the list; all of it stands in the address. */
import { useMemo, useState } from "react";
import { useLive } from "../../api/useLive";
import { StatusIcon } from "../../components/Badge";
import { FilterChoice, FilterText } from "../../components/FilterText";
import { PRODUCT_PATHS, PRODUCTS, SUBSCRIPTION_NAMES } from "../../operations/products";
import { lookOf } from "../../status";
import { LIFECYCLE_STATUSES, ORDERS, type Filters, type Order } from "./filters";
import { pathsOf } from "./paths";
import type { ChangeFilters } from "./useFilters";

interface Props {
  filters: Filters;
  change: ChangeFilters;
}

const SYNC = [
  ["", "All"],
  ["in", "In sync"],
  ["out", "Out of sync or locked"],
] as const;

const ORDER_OPTIONS = Object.entries(ORDERS).map(([order, { words }]) => [order as Order, words] as const);

export function FilterBar({ filters, change }: Props) {
  return (
    <div className="filters" role="search" aria-label="Filter product subscriptions">
      <FilterText
        label="Search"
        type="search"
        isWide
        value={filters.search}
        placeholder="Words of the description, note, customer, product, or an id"
        onChange={(search) => change({ search })}
      />
      <ProductChoice filters={filters} change={change} />
      <FilterChoice label="In sync" value={filters.sync} options={SYNC} onChange={(sync) => change({ sync })} />
      <FilterChoice label="Order" value={filters.order} options={ORDER_OPTIONS} onChange={(order) => change({ order })} />
      <MoreFilters filters={filters} change={change} />
      <StatusChips filters={filters} change={change} />
    </div>
  );
}

/** Seldom used; open from the beginning if the address has some of them. */
function MoreFilters({ filters, change }: Props) {
  const [wasUsed] = useState(filters.customer !== "" || filters.path !== "" || filters.value !== "");
  return (
    <details className="more-filters" open={wasUsed}>
      <summary>Customer, and values of the model</summary>
      <div className="filters">
        <FilterText label="Customer id" value={filters.customer} onChange={(customer) => change({ customer })} />
        <ValueFilter filters={filters} change={change} />
      </div>
    </details>
  );
}

function ProductChoice({ filters, change }: Props) {
  const { data } = useLive(PRODUCTS, {}, { concerns: () => false });
  const names = data?.products?.nodes.map(({ name }) => name) ?? [];
  // A product that the code no longer declares may still stand in the address.
  const options = [...new Set([...names, ...filters.products])].map((name): readonly [string, string] => [name, name]);
  return (
    <FilterChoice
      label="Product"
      value={filters.products[0] ?? ""}
      options={[["", "All"], ...options]}
      onChange={(name) => change({ products: name ? [name] : [] })}
    />
  );
}

/** A value of a field in the model, such as `port.port_mode` = `tagged`. */
function ValueFilter({ filters, change }: Props) {
  const name = filters.products[0] ?? "";
  const { data } = useLive(PRODUCT_PATHS, { name }, { concerns: () => false, isPaused: !name });
  const schema = name ? data?.product?.blockSchema : undefined;
  const paths = useMemo(() => pathsOf(schema), [schema]);
  return (
    <>
      <FilterText
        label="Field of the model"
        value={filters.path}
        placeholder="port.node.node_name"
        suggestions={paths}
        onChange={(path) => change({ path })}
      />
      <FilterText label="Its value" value={filters.value} onChange={(value) => change({ value })} />
    </>
  );
}

function StatusChips({ filters, change }: Props) {
  const { statuses } = filters;
  return (
    <div className="chips" role="group" aria-label="Filter by status">
      {LIFECYCLE_STATUSES.map((status) => {
        const isChosen = statuses.includes(status);
        const others = statuses.filter((other) => other !== status);
        return (
          <button
            key={status}
            type="button"
            className={`chip tone-${lookOf(status).tone}`}
            aria-pressed={isChosen}
            onClick={() => change({ statuses: isChosen ? others : [...others, status] })}
          >
            <StatusIcon status={status} />
            {lookOf(status).word}
          </button>
        );
      })}
      <RelationChip words="uses" id={filters.uses} onRemove={() => change({ uses: "" })} />
      <RelationChip words="used by" id={filters.usedBy} onRemove={() => change({ usedBy: "" })} />
    </div>
  );
}

/** The list came from the relations of one subscription: say of which, and let go of it. */
function RelationChip({ words, id, onRemove }: { words: string; id: string; onRemove: () => void }) {
  const { data } = useLive(SUBSCRIPTION_NAMES, { ids: [id] }, { concerns: () => false, isPaused: !id });
  if (!id) return null;
  const name = data?.productSubscriptions?.nodes.find((node) => node.id === id)?.description ?? id;
  return (
    <button type="button" className="chip" aria-pressed onClick={onRemove} title="Remove this filter">
      {words} {name} ✕
    </button>
  );
}
