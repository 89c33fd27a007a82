/** Says through the browser that a new task came, if the person asked for it. */
import { useEffect, useRef } from "react";
import { useStore } from "../api/store";
import { taskNotices } from "../preferences";
import { addresses, basePath } from "./addresses";

export const canNotify = (): boolean => "Notification" in window;

/** Ask the browser once the person has asked for it; true if notices come from now on. */
export async function allowNotices(): Promise<boolean> {
  const permission = canNotify() ? await Notification.requestPermission() : "denied";
  taskNotices.set(permission === "granted" ? "on" : "off");
  return permission === "granted";
}

/** The words for so many more tasks than before. */
export function wordsOf(before: number, now: number): string {
  const more = now - before;
  return more === 1 ? "A new task waits for you." : `${more} new tasks wait for you.`;
}

/** `count` is null until it is known: what waited before the page was opened is no news. */
export function useTaskNotices(count: number | null): void {
  const choice = useStore(taskNotices);
  const before = useRef<number | null>(null);
  useEffect(() => {
    const last = before.current;
    before.current = count;
    if (choice !== "on" || last === null || count === null || count <= last || !document.hidden) return;
    if (!canNotify() || Notification.permission !== "granted") return;
    // One tag: several open tabs show one notice together.
    const notice = new Notification("orchestrator", { body: wordsOf(last, count), tag: "orchestrator-tasks" });
    notice.onclick = () => {
      window.focus();
      history.pushState(null, "", basePath + addresses.inbox);
      notice.close();
    };
  }, [count, choice]);
}
