/** Keys that do something anywhere on the page, and what they do. */

export type Command = "home" | "inbox" | "processes" | "products" | "start" | "search" | "help";

export const SHORTCUTS: readonly { keys: string; command: Command; words: string }[] = [
  { keys: "g h", command: "home", words: "Go to the first page" },
  { keys: "g i", command: "inbox", words: "Go to my tasks" },
  { keys: "g p", command: "processes", words: "Go to the processes" },
  { keys: "g s", command: "products", words: "Go to the products" },
  { keys: "n", command: "start", words: "Start a workflow" },
  { keys: "/", command: "search", words: "Search on this page" },
  { keys: "?", command: "help", words: "Show these keys" },
];

/** The second key of a pair must follow so soon, in milliseconds. */
const TOGETHER = 1_500;

/** Reads keys one by one; remembers the first key of a pair. */
export class KeyReader {
  #first: { key: string; at: number } | null = null;

  /** The command that the key completes; null if it completes none. */
  read(key: string, at: number): Command | null {
    const first = this.#first && at - this.#first.at <= TOGETHER ? `${this.#first.key} ` : "";
    this.#first = null;
    const found = SHORTCUTS.find(({ keys }) => keys === first + key) ?? SHORTCUTS.find(({ keys }) => keys === key);
    if (found) return found.command;
    if (SHORTCUTS.some(({ keys }) => keys.startsWith(`${key} `))) this.#first = { key, at };
    return null;
  }
}

const TYPES_TEXT = "input, textarea, select, [contenteditable], [role=textbox], [role=combobox]";
const OVER_THE_PAGE = "[role=dialog], [role=alertdialog], [role=menu], dialog[open]";

/** True if the key belongs to what has the focus, or to the browser, and not to the page. */
export function isTaken(event: KeyboardEvent): boolean {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return true;
  if (event.target instanceof Element && event.target.closest(TYPES_TEXT)) return true;
  return document.querySelector(OVER_THE_PAGE) !== null;
}
