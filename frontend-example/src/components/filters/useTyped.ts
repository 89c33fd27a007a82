/** The text of a filter while a person types. The address follows when the person pauses; Back brings an earlier text again. */
import { useEffect, useLayoutEffect, useRef, useState, type ChangeEvent, type KeyboardEvent } from "react";
import type { Change } from "./useFilters";

const PAUSE = 250;

export interface Filter {
  /** The parameter of the address. */
  name: string;
  value: string;
  onChange: Change;
}

interface Control {
  value: string;
  onChange: (event: ChangeEvent<HTMLInputElement>) => void;
  onKeyDown: (event: KeyboardEvent) => void;
}

/** The properties of the text field that edits the filter. */
export function useTyped({ name, value, onChange }: Filter): Control {
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

  return {
    value: typed,
    onChange: ({ target }) => {
      setTyped(target.value);
      window.clearTimeout(timer.current);
      timer.current = window.setTimeout(() => send(target.value), PAUSE);
    },
    onKeyDown: ({ key }) => key === "Enter" && send(typed),
  };
}
