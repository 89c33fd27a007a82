/** A text that is one filter of several. */
import { useId } from "react";
import { useTyped, type Filter } from "./useTyped";

interface Props extends Filter {
  label: string;
  placeholder?: string;
  suggestions?: readonly string[];
}

export function TextField({ label, placeholder, suggestions = [], ...filter }: Props) {
  const id = useId();
  const control = useTyped(filter);
  const list = suggestions.length ? `${id}-list` : undefined;
  return (
    <div className="choice">
      <label htmlFor={id}>{label}</label>
      <input id={id} placeholder={placeholder} autoComplete="off" spellCheck={false} list={list} {...control} />
      {list && (
        <datalist id={list}>
          {suggestions.map((each) => (
            <option key={each} value={each} />
          ))}
        </datalist>
      )}
    </div>
  );
}
