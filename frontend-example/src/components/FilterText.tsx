/** A text that filters a list: it counts once the typing pauses, and follows the address when a person goes back. */
import { useEffect, useId, useRef, useState } from "react";

const PAUSE = 250;

interface Props {
  label: string;
  value: string;
  onChange: (value: string) => void;
  type?: "search" | "text" | "datetime-local";
  placeholder?: string;
  suggestions?: readonly string[];
  isWide?: boolean;
}

export function FilterText({ label, value, onChange, type = "text", placeholder, suggestions, isWide = false }: Props) {
  const id = useId();
  const [typed, setTyped] = useState(value);
  const given = useRef(value);
  const latest = useRef(onChange);
  latest.current = onChange;

  useEffect(() => {
    if (value !== given.current) setTyped(value);
    given.current = value;
  }, [value]);

  useEffect(() => {
    if (typed === given.current) return;
    const timer = setTimeout(() => {
      given.current = typed;
      latest.current(typed);
    }, PAUSE);
    return () => clearTimeout(timer);
  }, [typed]);

  return (
    <div className={isWide ? "filter wide-filter" : "filter"}>
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        type={type}
        value={typed}
        placeholder={placeholder}
        autoComplete="off"
        spellCheck={false}
        list={suggestions?.length ? `${id}-list` : undefined}
        onChange={(event) => setTyped(event.target.value)}
      />
      {suggestions && suggestions.length > 0 && (
        <datalist id={`${id}-list`}>
          {suggestions.map((each) => (
            <option key={each} value={each} />
          ))}
        </datalist>
      )}
    </div>
  );
}

interface ChoiceProps<Value extends string> {
  label: string;
  value: Value;
  options: readonly (readonly [Value, string])[];
  onChange: (value: Value) => void;
}

export function FilterChoice<Value extends string>({ label, value, options, onChange }: ChoiceProps<Value>) {
  const id = useId();
  return (
    <div className="filter">
      <label htmlFor={id}>{label}</label>
      <select id={id} value={value} onChange={(event) => onChange(event.target.value as Value)}>
        {options.map(([each, words]) => (
          <option key={each} value={each}>
            {words}
          </option>
        ))}
      </select>
    </div>
  );
}
