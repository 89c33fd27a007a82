/** Large or rare parts are read when somebody opens them. */
import { useCallback, useEffect, useState } from "react";
import { run } from "../../api/client";
import { plainText } from "../../api/json";
import { RESULT_TEXT } from "../../operations/process";

export interface Loaded<T> {
  value: T | null;
  error: Error | null;
}

/** Reads once if `isWanted`, and again if `key` changes; what was read before stays until then. */
export function useLoaded<T>(load: () => Promise<T>, key: string, isWanted = true): Loaded<T> {
  const [loaded, setLoaded] = useState<Loaded<T>>({ value: null, error: null });
  // eslint-disable-next-line react-hooks/exhaustive-deps -- the key says when another thing is read
  const read = useCallback(load, [key]);
  useEffect(() => {
    if (!isWanted) return undefined;
    let isOver = false;
    read().then(
      (value) => !isOver && setLoaded({ value, error: null }),
      (error: Error) => !isOver && setLoaded((before) => ({ ...before, error })),
    );
    return () => {
      isOver = true;
    };
  }, [read, isWanted]);
  return loaded;
}

/** The whole JSON text of a result, read in parts. */
export async function wholeResult(id: string): Promise<string> {
  let text = "";
  for (let offset: number | null = 0; offset !== null; ) {
    const { node }: Awaited<ReturnType<typeof readPart>> = await readPart(id, offset);
    const part = node !== null && "resultText" in node ? node.resultText : null;
    text += part ? plainText(part.text) : "";
    offset = part?.nextOffset ?? null;
  }
  return text;
}

const readPart = (id: string, offset: number) => run(RESULT_TEXT, { id, offset });
