/** The filter by process: searched by its subject, as the list of processes is. */
import { useEffect, useState } from "react";
import { run } from "../../api/client";
import { FIND_PROCESSES, PROCESS_SUBJECT } from "../../operations/processes";
import { isId } from "../../words";
import { Pick } from "./Pick";
import type { Thing } from "./picking";
import type { Filter } from "./useTyped";

export function ProcessPick(filter: Omit<Filter, "name">) {
  const { value } = filter;
  const [search, setSearch] = useState("");
  const [things, setThings] = useState<readonly Thing[]>([]);
  const words = useSubject(value, things);
  useEffect(() => {
    let isOver = false;
    // What is not found now is found by the next letter.
    find(search).then((found) => !isOver && setThings(found), () => undefined);
    return () => {
      isOver = true;
    };
  }, [search]);
  return (
    <Pick {...filter} name="process" label="Process" placeholder="Search, or paste an id" {...{ things, words, isId }} onSearch={setSearch} />
  );
}

async function find(text: string): Promise<readonly Thing[]> {
  const { processes } = await run(FIND_PROCESSES, { search: text || null });
  return (processes?.nodes ?? []).map(({ id, subject }) => ({ id, words: subject }));
}

/** The subject of the process of the address. */
export function useSubject(id: string, things: readonly Thing[] = []): string | undefined {
  const [read, setRead] = useState<Thing | null>(null);
  const found = things.find((thing) => thing.id === id) ?? (read?.id === id ? read : undefined);
  const isUnknown = isId(id) && !found;
  useEffect(() => {
    if (!isUnknown) return;
    let isOver = false;
    // A process that cannot be read keeps its id for a name.
    run(PROCESS_SUBJECT, { id }).then(({ process }) => !isOver && process && setRead({ id, words: process.subject }), () => undefined);
    return () => {
      isOver = true;
    };
  }, [id, isUnknown]);
  return found?.words;
}
