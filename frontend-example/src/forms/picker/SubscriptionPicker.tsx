/**
 * Searches a product subscription; the value is its id. A combobox with a list (ARIA 1.2): the focus stays in the text
 * field, the arrows move through the list. An id that is pasted is as good as a choice; the server judges everything else.
 */
import { useEffect, useRef, useState, type KeyboardEvent } from "react";
import type { ProductSubscriptionFilter } from "../../gql/graphql";
import { isId } from "../../words";
import { asSchema, type Schema } from "../schema";
import { ErrorWords } from "../wizard/Refusals";
import { findSubscriptions, useSubscriptionSearch, type Subscription } from "./useSubscriptionSearch";
import { countWords, factsOf } from "./words";
import "../../styles/picker.css";

interface Props {
  id: string;
  value: string | null;
  onChange: (id: string | null) => void;
  schema: Schema;
  isDisabled: boolean;
  isInvalid?: boolean | undefined;
  isRequired?: boolean | undefined;
  describedBy: string | undefined;
}

/** The key of the field's schema with the filter of those to choose from. */
const FILTER_KEY = "x-product-subscriptions";

export default function SubscriptionPicker(props: Props) {
  const { id, schema, isDisabled, isInvalid, isRequired, describedBy } = props;
  const { text, active, chosen, search, rows, choose, close, open, type, onKeyDown } = usePicker(props);
  const isOpen = rows.length > 0;
  return (
    <div className="picker">
      <input
        id={id}
        type="text"
        role="combobox"
        autoComplete="off"
        spellCheck={false}
        placeholder={FILTER_KEY in schema ? "Search, or paste an id" : "Search all, or paste an id"}
        aria-autocomplete="list"
        aria-expanded={isOpen}
        aria-invalid={isInvalid}
        aria-required={isRequired}
        aria-controls={listOf(id)}
        aria-activedescendant={isOpen && active >= 0 ? optionOf(id, active) : undefined}
        aria-describedby={`${describedBy ?? ""} ${id}-note`.trim()}
        disabled={isDisabled}
        value={text}
        onChange={(event) => type(event.target.value)}
        onClick={open}
        onKeyDown={onKeyDown}
        onBlur={close}
      />
      <Options id={id} rows={rows} active={active} onChoose={choose} />
      <p id={`${id}-note`} className="help" role="status">
        {search.error && <ErrorWords error={search.error} />}
        {search.found && countWords(search.found, !chosen && text.trim() !== "")}
        {!search.found && !search.error && chosen && `${factsOf(chosen)} · ${chosen.id}`}
      </p>
    </div>
  );
}

const listOf = (id: string): string => `${id}-list`;
const optionOf = (id: string, index: number): string => `${id}-list-${index}`;

interface OptionsProps {
  id: string;
  rows: readonly Subscription[];
  active: number;
  onChoose: (row: Subscription) => void;
}

function Options({ id, rows, active, onChoose }: OptionsProps) {
  return (
    <ul id={listOf(id)} role="listbox" aria-label="Product subscriptions" hidden={rows.length === 0}>
      {rows.map((row, index) => (
        <li
          key={row.id}
          id={optionOf(id, index)}
          role="option"
          aria-selected={index === active}
          // Before the blur, which closes the list.
          onMouseDown={(event) => {
            event.preventDefault();
            onChoose(row);
          }}
        >
          <strong>{row.description}</strong>
          <span className="muted">{factsOf(row)}</span>
        </li>
      ))}
    </ul>
  );
}

function usePicker({ id, value, onChange, schema }: Props) {
  const [text, setText] = useState(value ?? "");
  const [active, setActive] = useState(-1);
  const search = useSubscriptionSearch(asSchema(schema[FILTER_KEY]) as ProductSubscriptionFilter);
  const [chosen, setChosen] = useChosen(value, setText);
  const rows = search.found?.rows ?? [];

  const close = (): void => {
    search.close();
    setActive(-1);
  };
  const choose = (row: Subscription): void => {
    setChosen(row);
    setText(row.description);
    onChange(row.id);
    close();
  };
  const type = (typed: string): void => {
    setText(typed);
    setActive(-1);
    setChosen(null);
    onChange(typed.trim() || null);
    search.askSoon(typed);
  };
  const open = (): void => {
    if (!rows.length) search.ask(chosen ? "" : text);
  };
  const move = (step: number): void => {
    if (!rows.length) return open();
    const next = active < 0 && step < 0 ? rows.length - 1 : (active + step + rows.length) % rows.length;
    setActive(next);
    document.getElementById(optionOf(id, next))?.scrollIntoView({ block: "nearest" });
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const isOurs = step !== undefined || (rows.length > 0 && (event.key === "Enter" || event.key === "Escape"));
    if (!isOurs) return;
    // Enter chooses and submits nothing; Escape closes the list, and not the dialog around it.
    event.preventDefault();
    event.stopPropagation();
    if (step !== undefined) return move(step);
    const row = rows[active] ?? (rows.length === 1 ? rows[0] : undefined);
    if (event.key === "Escape") close();
    else if (row) choose(row);
  };
  return { text, active, chosen, search, rows, choose, close, open, type, onKeyDown };
}

/** The product subscription that the value stands for, once the server has told; a value from outside gets its name. */
function useChosen(
  value: string | null,
  setText: (text: string) => void,
): [Subscription | null, (chosen: Subscription | null) => void] {
  const [chosen, setChosen] = useState<Subscription | null>(null);
  const first = useRef(value);
  const isKnown = chosen !== null && chosen.id === value;
  useEffect(() => {
    if (value === null || isKnown || !isId(value)) return;
    let isOver = false;
    // An id that cannot be looked up stays as it is.
    findSubscriptions({ ids: [value] }, 1).then(
      ({ rows: [row] }) => {
        if (isOver || !row) return;
        setChosen(row);
        // What the person typed is not replaced under the cursor.
        if (value === first.current) setText(row.description);
      },
      () => undefined,
    );
    return () => {
      isOver = true;
    };
  }, [value, isKnown, setText]);
  return [isKnown ? chosen : null, setChosen];
}
