import type { KeyboardEvent } from "react";

type Pressed = Pick<KeyboardEvent<HTMLTableElement>, "key" | "target" | "currentTarget" | "preventDefault">;

/** The arrows move from process to process. */
export function moveFocus(event: Pressed): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  const links = [...event.currentTarget.querySelectorAll<HTMLElement>("a.subject")];
  const row = (event.target as HTMLElement).closest("tr");
  const at = links.findIndex((link) => row?.contains(link));
  const next = links[at + step];
  if (at < 0 || (!next && step < 0)) return;
  // Also if the next row is not drawn yet: the page would scroll, and the row that has the focus could go.
  event.preventDefault();
  next?.focus();
}
