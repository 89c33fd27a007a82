/** A text to search for. The address follows when the person pauses; Back brings an earlier text again. */
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import type { Change } from "./useFilters";

const PAUSE = 250;

interface Props {
  label: string;
  /** The parameter of the address. */
  name: string;
  value: string;
  onChange: Change;
}

export function SearchField({ label, name, value, onChange }: Props) {
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
    // One step of Back for a whole text, not one for each letter.
    if (sent.current !== before) onChange({ [name]: sent.current }, { replace: before !== "" && sent.current !== "" });
  };

  return (
    <input
      type="search"
      className="search"
      aria-label={label}
      placeholder={label}
      value={typed}
      onChange={({ target }) => {
        setTyped(target.value);
        window.clearTimeout(timer.current);
        timer.current = window.setTimeout(() => send(target.value), PAUSE);
      }}
      onKeyDown={({ key }) => key === "Enter" && send(typed)}
    />
  );
}
