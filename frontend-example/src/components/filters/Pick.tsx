/** A filter of things with an id: a person searches by what people call them, and may still paste an id. */
import { useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from "react";
import { meant, offered, type Thing } from "./picking";
import type { Filter } from "./useTyped";

const PAUSE = 250;

interface Props extends Filter {
  label: string;
  placeholder: string;
  /** The things that the list offers. */
  things: readonly Thing[];
  /** What people call the thing that is chosen; undefined until that is known. */
  words: string | undefined;
  isId: (text: string) => boolean;
  /** The person typed something that names no thing yet. */
  onSearch?: (text: string) => void;
}

export function Pick({ label, name, value, placeholder, things, words, isId, onSearch, onChange }: Props) {
  const id = useId();
  const options = useMemo(() => offered(things), [things]);
  const shown = value && (words ?? value);
  const [typed, setTyped] = useState(shown);
  const timer = useRef(0);
  useEffect(() => setTyped(shown), [shown]);
  // A late change would lead back to a page that was left.
  useLayoutEffect(() => () => window.clearTimeout(timer.current), []);

  const choose = (text: string): void => {
    window.clearTimeout(timer.current);
    const chosen = meant(text, options, isId) ?? (options.length === 1 ? (options[0]?.id ?? null) : null);
    if (chosen !== null && chosen !== value) onChange({ [name]: chosen });
  };
  /** An emptied field and a whole id are a choice at once; any other text only when the person leaves the field. */
  const settle = (text: string): void => {
    if (!text.trim() || onSearch) choose(text);
  };
  const type = (text: string): void => {
    setTyped(text);
    window.clearTimeout(timer.current);
    // A whole name was taken from the list.
    if (options.some((option) => option.words === text)) return choose(text);
    timer.current = window.setTimeout(() => (onSearch && meant(text, options, isId) === null ? onSearch(text.trim()) : settle(text)), PAUSE);
  };

  return (
    <div className="choice">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        list={`${id}-list`}
        placeholder={placeholder}
        autoComplete="off"
        spellCheck={false}
        value={typed}
        onChange={({ target }) => type(target.value)}
        onKeyDown={({ key }) => key === "Enter" && choose(typed)}
        // Half a name is no filter.
        onBlur={() => (meant(typed, options, isId) === null ? setTyped(shown) : typed !== shown && choose(typed))}
      />
      <datalist id={`${id}-list`}>
        {options.map((option) => (
          <option key={option.id} value={option.words} />
        ))}
      </datalist>
    </div>
  );
}
