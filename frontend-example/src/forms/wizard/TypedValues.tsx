/** What a person typed, as text that can be read and copied. */
import { plainText, stringify } from "../../api/json";
import type { Fields } from "./types";

export function TypedValues({ pages }: { pages: readonly Fields[] }) {
  const entries = pages.flatMap((page) => Object.entries(page));
  return (
    <dl className="typed-values">
      {entries.map(([name, value], index) => (
        <div key={index}>
          <dt>{name}</dt>
          <dd>{typeof value === "string" ? plainText(value) : stringify(value, 2)}</dd>
        </div>
      ))}
    </dl>
  );
}
