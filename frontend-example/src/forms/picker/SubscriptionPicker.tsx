/** Searches a product subscription; the value is its id. */
import type { Schema } from "../schema";

interface Props {
  id: string;
  value: string | null;
  onChange: (id: string | null) => void;
  schema: Schema;
  isDisabled: boolean;
  describedBy: string | undefined;
}

export default function SubscriptionPicker({ id, value, onChange, isDisabled, describedBy }: Props) {
  return <input id={id} type="text" value={value ?? ""} disabled={isDisabled} aria-describedby={describedBy} onChange={({ target }) => onChange(target.value || null)} />;
}
