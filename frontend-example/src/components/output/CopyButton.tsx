/** Copies a text and says so; the text may have to be loaded first. */
import { useEffect, useState } from "react";
import { copyText } from "../../clipboard";
import { announce } from "../Announcer";

interface Props {
  text: () => string | Promise<string>;
  children?: string;
  onError: (problem: Error) => void;
}

export function CopyButton({ text, children = "Copy", onError }: Props) {
  const [isDone, setDone] = useState(false);
  useEffect(() => {
    if (!isDone) return;
    const timer = setTimeout(() => setDone(false), 2_000);
    return () => clearTimeout(timer);
  }, [isDone]);

  const copy = async (): Promise<void> => {
    try {
      await copyText(await text());
      setDone(true);
      announce("Copied.");
    } catch (problem) {
      onError(problem as Error);
    }
  };
  return (
    <button type="button" className="quiet" onClick={() => void copy()}>
      {isDone ? "Copied" : children}
    </button>
  );
}
