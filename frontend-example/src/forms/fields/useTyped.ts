/** The text of a control, which may be no value yet, beside the value that the form knows. */
import { useEffect, useRef, useState } from "react";
import { isEqual, type Json } from "../../api/json";
import type { Reading } from "../typed";
import { usePage, type Path } from "./context";

interface Options {
  value: Json | undefined;
  path: Path;
  write: (value: Json | undefined) => string;
  read: (text: string) => Reading;
  change: (value: Json) => void;
}

/** The text, and what to do when the person types another one. The text stays as it was typed: `1.` and `1.0` are not rewritten. */
export function useTyped({ value, path, write, read, change }: Options): [string, (text: string) => void] {
  const { report } = usePage();
  const [typed, setTyped] = useState<{ text: string; value: Json | undefined } | null>(null);
  const isMine = typed !== null && isEqual(typed.value ?? null, value ?? null);
  // What is typed and cannot be read belongs to this place: it goes with the field.
  const place = useRef(path);
  place.current = path;
  useEffect(() => () => report(place.current, null), [report]);

  const type = (text: string): void => {
    const reading = read(text);
    if ("problem" in reading) {
      setTyped({ text, value });
      report(path, reading.problem);
    } else {
      setTyped({ text, value: reading.value });
      report(path, null);
      change(reading.value);
    }
  };
  return [isMine ? typed.text : write(value), type];
}
