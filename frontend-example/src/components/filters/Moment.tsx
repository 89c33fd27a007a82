/** A time of the chosen clock. It is set when the person leaves the field: half a date is no filter. */
import { useStore } from "../../api/store";
import { zone } from "../../preferences";
import { localOf, momentOf } from "./address";

interface Props {
  label: string;
  value: string;
  onChoose: (moment: string) => void;
}

export function Moment({ label, value, onChoose }: Props) {
  const isUtc = useStore(zone) === "UTC";
  const shown = localOf(value, isUtc);
  const set = (local: string): void => {
    if (local !== shown) onChoose(momentOf(local, isUtc));
  };
  return (
    <div className="choice">
      <label>
        {label} <span className="muted">({isUtc ? "UTC" : "local time"})</span>
        <input
          key={shown}
          type="datetime-local"
          defaultValue={shown}
          onBlur={({ target }) => set(target.value)}
          onKeyDown={({ key, currentTarget }) => key === "Enter" && set(currentTarget.value)}
        />
      </label>
    </div>
  );
}
