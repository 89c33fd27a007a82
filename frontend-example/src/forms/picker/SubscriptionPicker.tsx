/**
 * Searches a product subscription; the value is its id. A combobox with a list (ARIA 1.2): the focus stays in the text
 * field, the arrows move through the list. An id that is pasted is as good as a choice; the server judges everything else.
 */
import { useEffect, useRef, useState, type KeyboardEvent } from "react";
import type { ProductSubscriptionFilter } from "../../gql/graphql";
import { asSchema, type Schema } from "../schema";
import { findSubscriptions, useSubscriptionSearch, type Subscription } from "./useSubscriptionSearch";
import { countWords, factsOf, isId } from "./words";
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
  const { id, value, onChange, schema, isDisabled, isInvalid, isRequired, describedBy } = props;
  const [text, setText] = useState(value ?? "");
  const [active, setActive] = useState(-1);
  const search = useSubscriptionSearch(asSchema(schema[FILTER_KEY]) as ProductSubscriptionFilter);
  const [chosen, setChosen] = useChosen(value, setText);
  const rows = search.found?.rows ?? [];
  const isOpen = rows.length > 0;
  const listId = `${id}-list`;
  const optionId = (index: number): string => `${listId}-${index}`;

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
    if (!isOpen) search.ask(chosen ? "" : text);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      if (!isOpen) return open();
      const next = active < 0 && step < 0 ? rows.length - 1 : (active + step + rows.length) % rows.length;
      setActive(next);
      document.getElementById(optionId(next))?.scrollIntoView({ block: "nearest" });
    } else if (event.key === "Enter" && isOpen) {
      // It chooses, and submits nothing.
      event.preventDefault();
      const row = rows[active] ?? (rows.length === 1 ? rows[0] : undefined);
      if (row) choose(row);
    } else if (event.key === "Escape" && isOpen) {
      event.preventDefault();
      event.stopPropagation();
      close();
    }
  };
  return (
    <div className="picker">
      <input
        id={id}
        type="text"
        role="combobox"
        autoComplete="off"
        spellCheck={false}
        placeholder="Search, or paste an id"
        aria-autocomplete="list"
        aria-expanded={isOpen}
        aria-invalid={isInvalid}
        aria-required={isRequired}
        aria-controls={listId}
        aria-activedescendant={isOpen && active >= 0 ? optionId(active) : undefined}
        aria-describedby={`${describedBy ?? ""} ${id}-note`.trim()}
        disabled={isDisabled}
        value={text}
        onChange={(event) => type(event.target.value)}
        onClick={open}
        onKeyDown={onKeyDown}
        onBlur={close}
      />
      <ul id={listId} role="listbox" aria-label="Product subscriptions" hidden={!isOpen}>
        {rows.map((row, index) => (
          <li
            key={row.id}
            id={optionId(index)}
            role="option"
            aria-selected={index === active}
            // Before the blur, which closes the list.
            onMouseDown={(event) => {
              event.preventDefault();
              choose(row);
            }}
          >
            <strong>{row.description}</strong>
            <span className="muted">{factsOf(row)}</span>
          </li>
        ))}
      </ul>
      <p id={`${id}-note`} className="help" role="status">
        {search.error?.message}
        {search.found && countWords(search.found, !chosen && text.trim() !== "")}
        {!search.found && !search.error && chosen && `${factsOf(chosen)} · ${chosen.id}`}
      </p>
    </div>
  );
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
