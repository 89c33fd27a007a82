/** Says changes to people who do not see the page, and names the page. */
import { useEffect } from "react";
import { store, useStore } from "../api/store";

const words = store("");

/** Have a screen reader say the words when it has time. */
export function announce(text: string): void {
  words.set("");
  setTimeout(() => words.set(text), 50);
}

export function Announcer() {
  return (
    <div className="unseen" aria-live="polite">
      {useStore(words)}
    </div>
  );
}

/** Set the title of the tab, and keep the number of tasks that may stand before it. */
export function usePageTitle(title: string): void {
  useEffect(() => {
    const [tasks = ""] = /^\(\d+\) /.exec(document.title) ?? [];
    document.title = `${tasks}${title} · orchestrator`;
  }, [title]);
}
