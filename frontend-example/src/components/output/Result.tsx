/** A JSON value as it is best read: the result of a playbook as fields, a text as lines, all else as a tree. */
import type { Json } from "../../api/json";

interface Props {
  value: Json;
  /** The name of the downloaded file, without its folder. */
  fileName: string;
}

export default function Result({ value }: Props) {
  return <pre>{JSON.stringify(value, null, 2)}</pre>;
}
