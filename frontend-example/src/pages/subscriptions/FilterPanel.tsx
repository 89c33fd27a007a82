/** The filters beside the search; the panel is drawn when somebody opens it. */
import { useMemo } from "react";
import { useLive } from "../../api/useLive";
import { Choice, type Option } from "../../components/filters/Choice";
import { TextField } from "../../components/filters/TextField";
import type { Change } from "../../components/filters/useFilters";
import { PRODUCT_PATHS, PRODUCTS } from "../../operations/products";
import { ORDERS, type Filters } from "./filters";
import { pathsOf } from "./paths";

const SYNC: readonly Option[] = [
  { value: "in", label: "In sync" },
  { value: "out", label: "Out of sync or locked" },
];

const { "": newest, ...others } = ORDERS;
const OTHER_ORDERS: readonly Option[] = Object.entries(others).map(([value, { words }]) => ({ value, label: words }));

export function FilterPanel({ filters, onChange }: { filters: Filters; onChange: Change }) {
  const { data } = useLive(PRODUCTS, {}, { concerns: () => false });
  const products = (data?.products?.nodes ?? []).map(({ name }) => ({ value: name, label: name }));
  const choose = (name: string) => (value: string) => onChange({ [name]: value });
  return (
    <div className="filter-panel">
      <Choice label="Product" value={filters.product} options={products} onChoose={choose("product")} />
      <Choice label="In sync" value={filters.sync} options={SYNC} onChoose={choose("sync")} />
      <TextField label="Customer id" name="customer" value={filters.customer} onChange={onChange} />
      <TextField
        label="Field of the model"
        name="path"
        value={filters.path}
        placeholder="port.node.node_name"
        suggestions={usePaths(filters.product)}
        onChange={onChange}
      />
      <TextField label="Its value" name="value" value={filters.value} onChange={onChange} />
      <Choice label="Order" none={newest.words} value={filters.order} options={OTHER_ORDERS} onChoose={choose("order")} />
    </div>
  );
}

/** The fields of the models of a product, which a person need not know by heart. */
function usePaths(product: string): string[] {
  const { data } = useLive(PRODUCT_PATHS, { name: product }, { concerns: () => false, isPaused: !product });
  const schema = product ? data?.product?.blockSchema : undefined;
  return useMemo(() => pathsOf(schema), [schema]);
}
