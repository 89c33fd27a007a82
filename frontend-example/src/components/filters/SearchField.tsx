/** A text to search for. */
import { useTyped, type Filter } from "./useTyped";

export function SearchField({ label, ...filter }: Filter & { label: string }) {
  return <input type="search" className="search" aria-label={label} placeholder={label} {...useTyped(filter)} />;
}
