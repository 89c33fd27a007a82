/** One filter of which a person chooses a value. */
import { useId } from "react";

export interface Option {
  value: string;
  label: string;
}

interface Props {
  label: string;
  value: string;
  options: readonly Option[];
  /** The words of the choice that stands in no address. */
  none?: string;
  onChoose: (value: string) => void;
}

export function Choice({ label, value, options, none = "Any", onChoose }: Props) {
  const id = useId();
  // A value of the address that is not offered (a workflow that is no longer deployed) is still shown.
  const isOffered = !value || options.some((option) => option.value === value);
  return (
    <div className="choice">
      <label htmlFor={id}>{label}</label>
      <select id={id} value={value} onChange={({ target }) => onChoose(target.value)}>
        <option value="">{none}</option>
        {!isOffered && <option value={value}>{value}</option>}
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </div>
  );
}
