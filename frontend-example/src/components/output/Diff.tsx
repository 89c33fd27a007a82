/** What changed from one JSON value to another, by path. */
import { useMemo } from "react";
import type { Json } from "../../api/json";
import { ChangeList } from "./Changes";
import { changesOf } from "./comparing";

interface Props {
  before: Json;
  after: Json;
}

export default function Diff({ before, after }: Props) {
  const changes = useMemo(() => changesOf(before, after), [before, after]);
  return <ChangeList changes={changes} />;
}
