/** A button that copies a text and says so; it also works without HTTPS. */
import { useEffect, useState } from "react";
import { copyText } from "../clipboard";
import { announce } from "./Announcer";

interface Props {
  /** The text, or how to make it when somebody wants it. */
  text: string | (() => string | Promise<string>);
  /** What is copied, for people who do not see the text beside the button: `error id`. */
  what?: string;
  className?: string;
}

const SHOWN_FOR = 2_000;
const WORDS = { ready: "Copy", copied: "Copied", failed: "Not copied" };

export function Copy({ text, what, className = "quiet" }: Props) {
  const [state, setState] = useState<keyof typeof WORDS>("ready");
  useEffect(() => {
    if (state === "ready") return;
    const timer = setTimeout(() => setState("ready"), SHOWN_FOR);
    return () => clearTimeout(timer);
  }, [state]);

  const copy = async (): Promise<void> => {
    try {
      await copyText(typeof text === "string" ? text : await text());
      setState("copied");
      announce("Copied");
    } catch {
      setState("failed");
      announce("The browser does not allow to copy. Select the text instead.");
    }
  };

  return (
    <button type="button" className={className} aria-label={what && `Copy ${what}`} onClick={() => void copy()}>
      {WORDS[state]}
    </button>
  );
}
