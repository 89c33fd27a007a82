/** What changed from one JSON value to another, by path. */
import type { Json } from "../../api/json";

interface Props {
  before: Json;
  after: Json;
}

export default function Diff({ before, after }: Props) {
  return <pre>{JSON.stringify([before, after], null, 2)}</pre>;
}
