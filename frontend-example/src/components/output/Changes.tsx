/** The differences of two versions by path: `changes` of a product subscription. */
import { stringify, type Json } from "../../api/json";

interface Change {
  path?: string;
  change: "added" | "removed" | "changed" | "omitted";
  old?: Json;
  new?: Json;
  count?: number;
}

export default function Changes({ changes }: { changes: Json }) {
  const all = (Array.isArray(changes) ? changes : []) as unknown as Change[];
  return (
    <ul className="changes">
      {all.map((each, at) => (
        <li key={each.path ?? at}>
          <code>{each.path}</code> {each.change}: {stringify(each.old)} → {stringify(each.new)}
        </li>
      ))}
    </ul>
  );
}
