/** A text that is one filter of several. The address follows when the person pauses; Back brings an earlier text again. */
import { useEffect, useId, useLayoutEffect, useRef, useState } from "react";
import type { Change } from "./useFilters";

const PAUSE = 250;

interface Props {
  label: string;
  /** The parameter of the address. */
  name: string;
  value: string;
  placeholder?: string;
  suggestions?: readonly string[];
  onChange: Change;
}

export function TextField({ label, name, value, placeholder, suggestions = [], onChange }: Props) {
  const id = useId();
  const [typed, setTyped] = useState(value);
  const sent = useRef(value);
  const timer = useRef(0);
  useEffect(() => {
    if (value !== sent.current) setTyped(value);
    sent.current = value;
  }, [value]);
  // A late change would lead back to a page that was left. Layout effects end when the page is hidden, also while the code
  // of the next page is still loaded; other effects end only after that.
  useLayoutEffect(() => () => window.clearTimeout(timer.current), []);

  const send = (text: string): void => {
    window.clearTimeout(timer.current);
    const before = sent.current;
    sent.current = text.trim();
    if (sent.current !== before) onChange({ [name]: sent.current }, { replace: before !== "" && sent.current !== "" });
  };

  return (
    <div className="choice">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        value={typed}
        placeholder={placeholder}
        autoComplete="off"
        spellCheck={false}
        list={suggestions.length ? `${id}-list` : undefined}
        onChange={({ target }) => {
          setTyped(target.value);
          window.clearTimeout(timer.current);
          timer.current = window.setTimeout(() => send(target.value), PAUSE);
        }}
        onKeyDown={({ key }) => key === "Enter" && send(typed)}
      />
      {suggestions.length > 0 && (
        <datalist id={`${id}-list`}>
          {suggestions.map((each) => (
            <option key={each} value={each} />
          ))}
        </datalist>
      )}
    </div>
  );
}
