/** Elements built from text: no string that comes from a server is ever parsed as HTML. */

export type Child = Node | string | number | null | undefined | false | Child[];
type Props = Record<string, string | number | boolean | null | undefined | ((event: Event) => void)>;

const COLOUR_CODES = /\u001b\[[0-9;]*m/g;
/** Controls, zero-width marks and the bidi marks that can make a text read as another one. */
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** The text with terminal colours dropped and every character that hides or reorders others spelled out. */
export function visible(text: string): string {
  return text
    .replace(COLOUR_CODES, "")
    .replace(/\r\n/g, "\n")
    .replace(UNSEEN, (mark) => `⟨U+${mark.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`);
}

function append(parent: Node, children: Child[]): void {
  for (const child of children) {
    if (Array.isArray(child)) append(parent, child);
    else if (child instanceof Node) parent.appendChild(child);
    else if (child !== null && child !== undefined && child !== false)
      parent.appendChild(document.createTextNode(visible(String(child))));
  }
}

/** An element; `onclick` and its kin are listeners, everything else is an attribute, strings are text. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, String(value));
  }
  append(element, children);
  return element;
}

/** A part of a view: redrawn when its signature changes, kept otherwise; `update` sees it either way. */
export interface Block {
  key: string;
  signature: string;
  draw: () => HTMLElement;
  update?: (element: HTMLElement) => void;
}

const drawn = new WeakMap<Element, { key: string; signature: string }>();

/** Bring the children of `parent` to `blocks`: what has not changed keeps its focus, its typed text and its place. */
export function reconcile(parent: Element, blocks: Block[]): void {
  const old = new Map([...parent.children].map((child) => [drawn.get(child)?.key, child as HTMLElement]));
  let place = parent.firstElementChild;
  for (const block of blocks) {
    const before = old.get(block.key);
    let element = before;
    if (!before || drawn.get(before)?.signature !== block.signature) {
      element = block.draw();
      drawn.set(element, { key: block.key, signature: block.signature });
      if (before) {
        keepOpen(before, element);
        if (place === before) place = element;
        const focused = focusIn(before);
        before.replaceWith(element);
        if (focused >= 0) (focusables(element)[focused] ?? focusables(element).at(-1))?.focus();
      }
    }
    if (element && element !== place) parent.insertBefore(element, place);
    else place = place?.nextElementSibling ?? null;
    if (element) block.update?.(element);
    old.delete(block.key);
  }
  for (const left of old.values()) left.remove();
}

const focusables = (element: Element) =>
  [...element.querySelectorAll<HTMLElement>("a[href], button, input, select, textarea, summary")].filter(
    (one) => !one.hidden,
  );

/** Which of the controls has the focus; a redrawn part must not send a keyboard back to the top of the page. */
function focusIn(element: Element): number {
  return document.activeElement instanceof HTMLElement ? focusables(element).indexOf(document.activeElement) : -1;
}

function keepOpen(before: Element, after: Element): void {
  for (const details of after.querySelectorAll<HTMLDetailsElement>("details[data-name]")) {
    const same = before.querySelector<HTMLDetailsElement>(
      `details[data-name="${CSS.escape(details.dataset["name"] ?? "")}"]`,
    );
    if (same) details.open = same.open;
  }
}

/** A collapsible part; the name lets it stay open when its surroundings are redrawn. */
export function disclosure(name: string, summary: Child, body: Child, open = false): HTMLDetailsElement {
  return h("details", { "data-name": name, open }, h("summary", {}, summary), body);
}

/** What a screen reader should hear, without moving anything on the screen. */
export function announce(text: string): void {
  const region = document.getElementById("announcer");
  if (region) region.textContent = visible(text);
}

/** A short message in the corner that leaves by itself. */
export function notify(text: string, tone: "good" | "bad" = "bad"): void {
  const close = () => note.remove();
  const note = h(
    "div",
    { class: `notice tone-${tone}` },
    h("p", {}, text),
    h("button", { class: "quiet", "aria-label": "Dismiss", onclick: close }, "×"),
  );
  document.getElementById("notices")?.append(note);
  setTimeout(close, 10_000);
}
