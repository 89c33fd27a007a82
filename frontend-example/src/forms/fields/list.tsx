/** Lists, whose items can be added, removed and moved, and tuples, whose items cannot. */
import { Fragment, useState } from "react";
import { announce } from "../../components/Announcer";
import type { Json } from "../../api/json";
import { fresh } from "../fresh";
import { asList, asSchema, labelOf, type Schema } from "../schema";
import { usePage } from "./context";
import type { DrawnProps } from "./drawn";

let made = 0;
const freshKeys = (count: number): number[] => Array.from({ length: count }, () => (made += 1));

/** A key for each item that stays with it when it moves. */
function useKeys(count: number): [readonly number[], (keys: readonly number[]) => void] {
  const [keys, setKeys] = useState<readonly number[]>(() => freshKeys(count));
  if (keys.length === count) return [keys, setKeys];
  // The list was changed from outside.
  const now = [...keys.slice(0, count), ...freshKeys(Math.max(0, count - keys.length))];
  setKeys(now);
  return [now, setKeys];
}

export function ListField({ schema, ui, value, label, control, change, draw }: DrawnProps) {
  const { root } = usePage();
  const items = asList(value);
  const item = asSchema(schema.items);
  const [keys, setKeys] = useKeys(items.length);
  const most = typeof schema.maxItems === "number" ? schema.maxItems : Infinity;

  const set = (order: readonly number[]): void => {
    setKeys(order.map((at) => keys[at] ?? 0));
    change(order.map((at) => items[at] ?? null));
  };
  const indexes = items.map((_, at) => at);
  const add = (): void => {
    setKeys([...keys, ...freshKeys(1)]);
    change([...items, fresh(item, root)]);
    focusSoon(`${control.id}/${items.length}`);
  };
  const remove = (at: number): void => {
    set(indexes.filter((other) => other !== at));
    announce(`${label} ${at + 1} is removed.`);
    focusSoon(items.length > 1 ? `${control.id}/${Math.min(at, items.length - 2)}` : control.id);
  };
  const move = (at: number, by: number): void => {
    set(indexes.map((other) => (other === at ? at + by : other === at + by ? at : other)));
    announce(`${label} ${at + 1} is now number ${at + by + 1}.`);
  };
  return (
    <div className="items">
      {items.map((one, at) => (
        <div className="item" key={keys[at]}>
          {draw({ name: at, schema: item, value: one, label: `${label} ${at + 1}`, ui: asSchema(ui.items), isInner: isScalar(one) })}
          <ItemButtons name={`${label} ${at + 1}`} isFirst={at === 0} isLast={at === items.length - 1} onMove={(by) => move(at, by)} onRemove={() => remove(at)} />
        </div>
      ))}
      {!items.length && <p className="muted">The list is empty.</p>}
      <button type="button" className="add" id={control.id} aria-describedby={control["aria-describedby"]} onClick={add} disabled={items.length >= most}>
        Add<span className="unseen"> to {label}</span>
      </button>
    </div>
  );
}

const isScalar = (value: Json): boolean => typeof value !== "object" || value === null;

/** Focus a control once it is drawn; a group hands the focus to its first control. */
function focusSoon(id: string): void {
  requestAnimationFrame(() => {
    const place = document.getElementById(id) ?? document.getElementById(`${id}__group`);
    (place?.matches("fieldset") ? place.querySelector<HTMLElement>("input, select, textarea, button") : place)?.focus();
  });
}

interface ButtonsProps {
  name: string;
  isFirst: boolean;
  isLast: boolean;
  onMove: (by: number) => void;
  onRemove: () => void;
}

function ItemButtons({ name, isFirst, isLast, onMove, onRemove }: ButtonsProps) {
  return (
    <div className="item-tools">
      <button type="button" className="quiet" aria-label={`Move ${name} up`} disabled={isFirst} onClick={() => onMove(-1)}>
        ↑
      </button>
      <button type="button" className="quiet" aria-label={`Move ${name} down`} disabled={isLast} onClick={() => onMove(1)}>
        ↓
      </button>
      <button type="button" className="quiet" aria-label={`Remove ${name}`} onClick={onRemove}>
        ×
      </button>
    </div>
  );
}

export function TupleField({ schema, ui, value, path, change, draw }: DrawnProps) {
  const { root } = usePage();
  const parts = asList(schema.prefixItems).map(asSchema);
  const items = asList(value);
  /** A tuple is sent whole, so the places before and behind get their first values. */
  const put = (at: number, part: Json): void => change(parts.map((one, other) => (other === at ? part : (items[other] ?? fresh(one, root)))));
  const isWhole = items.length >= parts.length;
  return (
    <div className="members tuple">
      {parts.map((part, at) => (
        <Fragment key={at}>
          {draw({
            name: at,
            schema: part,
            value: items[at],
            label: nameOfPlace(part, at),
            ui: asSchema(asList(ui.items)[at]),
            ...(isWhole ? {} : { onChange: (now, changed) => changed.length === path.length + 1 && put(at, now) }),
          })}
        </Fragment>
      ))}
    </div>
  );
}

const nameOfPlace = (part: Schema, at: number): string => (typeof part.title === "string" ? labelOf("", part) : `Item ${at + 1}`);
