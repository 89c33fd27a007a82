/** Keys and values: entries can be added, removed, and get another key. */
import { useEffect, useRef, useState } from "react";
import { isEqual, isObject, type Json } from "../../api/json";
import { fresh } from "../fresh";
import { valuesOf } from "../kinds";
import { changedAt } from "../paths";
import { asSchema, resolved, type Schema } from "../schema";
import { textOf, textValue } from "../typed";
import { usePage, type Path } from "./context";
import type { DrawnProps } from "./drawn";

type Entries = { [key: string]: Json };

interface Row {
  id: number;
  key: string;
  value: Json;
}

let made = 0;
const asRows = (entries: Entries): Row[] => Object.entries(entries).map(([key, value]) => ({ id: (made += 1), key, value }));
const asEntries = (rows: readonly Row[]): Entries => Object.fromEntries(rows.map(({ key, value }) => [key, value]));

export function DictField(props: DrawnProps) {
  const { root } = usePage();
  const { schema, value, change } = props;
  const item = valuesOf(schema);
  return (
    <DictEntries
      {...props}
      entries={isObject(value) ? (value as Entries) : {}}
      item={item}
      first={() => fresh(resolved(item, root), root)}
      onEntries={change}
    />
  );
}

interface Props extends DrawnProps {
  entries: Entries;
  item: Schema;
  /** The value of a new entry. */
  first: () => Json;
  onEntries: (entries: Entries) => void;
}

export function DictEntries(props: Props) {
  const { entries, item, first, onEntries, label, path, control } = props;
  const [rows, setRows] = useRows(entries, path);
  const set = (now: readonly Row[]): void => {
    setRows(now);
    // Two entries with one key cannot be sent: the value stays as it was until they differ.
    if (!twice(now)) onEntries(asEntries(now));
  };
  const put = (row: Row): void => set(rows.map((other) => (other.id === row.id ? row : other)));
  const keys = new Map(rows.map(({ id }, at) => [id, at]));
  return (
    <div className="items">
      {rows.map((row) => (
        <Entry
          key={row.id}
          {...props}
          row={row}
          at={keys.get(row.id) ?? 0}
          schemaOfValue={item}
          onRow={put}
          onRemove={() => set(rows.filter(({ id }) => id !== row.id))}
        />
      ))}
      {!rows.length && <p className="muted">There are no entries.</p>}
      <button
        type="button"
        className="add"
        id={control.id}
        aria-describedby={control["aria-describedby"]}
        onClick={() => set([...rows, { id: (made += 1), key: freeKey(rows), value: first() }])}
      >
        Add<span className="unseen"> to {label}</span>
      </button>
    </div>
  );
}

/** The rows as the person edits them; new ones if the value was changed from outside. */
function useRows(entries: Entries, path: Path): [readonly Row[], (rows: readonly Row[]) => void] {
  const { report } = usePage();
  const [rows, setRows] = useState<readonly Row[]>(() => asRows(entries));
  const place = useRef(path);
  place.current = path;
  const same = twice(rows);
  const isMine = same || isEqual(asEntries(rows), entries);
  useEffect(() => report(place.current, same ? "Two entries have the same key." : null), [same, report]);
  useEffect(() => () => report(place.current, null), [report]);
  if (isMine) return [rows, setRows];
  const now = asRows(entries);
  setRows(now);
  return [now, setRows];
}

const twice = (rows: readonly Row[]): boolean => new Set(rows.map(({ key }) => key)).size < rows.length;

function freeKey(rows: readonly Row[]): string {
  const taken = new Set(rows.map(({ key }) => key));
  let number = rows.length + 1;
  while (taken.has(`key${number}`)) number++;
  return `key${number}`;
}

interface EntryProps extends DrawnProps {
  row: Row;
  at: number;
  schemaOfValue: Schema;
  onRow: (row: Row) => void;
  onRemove: () => void;
}

function Entry({ row, at, schemaOfValue, onRow, onRemove, path, label, ui, control, draw }: EntryProps) {
  const isSmall = typeof row.value !== "object" || row.value === null;
  return (
    <div className={`entry ${isSmall ? "small" : "large"}`}>
      <input
        type="text"
        className="key"
        id={`${control.id}__key${at}`}
        aria-label={`Key ${at + 1} of ${label}`}
        autoComplete="off"
        spellCheck={false}
        value={textOf(row.key)}
        onChange={({ target }) => onRow({ ...row, key: textValue(target.value) })}
      />
      {draw({
        name: row.key,
        schema: schemaOfValue,
        value: row.value,
        label: textOf(row.key) || "Value",
        ui: asSchema(ui.additionalProperties),
        isInner: true,
        onChange: (value, changed) => onRow({ ...row, value: changedAt(row.value, changed.slice(path.length + 1), value) }),
      })}
      <button type="button" className="quiet" aria-label={`Remove ${textOf(row.key) || "the entry"}`} onClick={onRemove}>
        ×
      </button>
    </div>
  );
}
