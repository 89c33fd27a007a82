/** A selection in rows of which only the seen ones exist: where it begins and ends, and its text from all rows between. */

export interface Place {
  readonly row: number;
  readonly character: number;
}

export interface Selected {
  readonly from: Place;
  readonly to: Place;
}

const ROW = "[data-index]";
const TEXT = "[data-row-text]";

/** The selection inside the list; null if there is none. */
export function selectedIn(list: Element): Selected | null {
  const selection = document.getSelection();
  if (!selection || selection.isCollapsed || !selection.rangeCount) return null;
  const range = selection.getRangeAt(0);
  if (!list.contains(range.startContainer) || !list.contains(range.endContainer)) return null;
  const from = placeOf(list, range.startContainer, range.startOffset);
  const to = placeOf(list, range.endContainer, range.endOffset);
  return from && to ? { from, to } : null;
}

function placeOf(list: Element, container: Node, offset: number): Place | null {
  const element = container instanceof Element ? container : container.parentElement;
  const row = element?.closest(ROW);
  if (!row || !list.contains(row)) return placeBetween(list, offset);
  const index = Number(row.getAttribute("data-index"));
  const text = row.querySelector(TEXT);
  if (!text) return { row: index, character: 0 };
  const before = document.createRange();
  before.selectNodeContents(text);
  if (before.comparePoint(container, offset) < 0) return { row: index, character: 0 };
  if (before.comparePoint(container, offset) > 0) return { row: index, character: text.textContent.length };
  before.setEnd(container, offset);
  return { row: index, character: before.toString().length };
}

/** A place between the rows of the list: the beginning of the row behind it. */
function placeBetween(list: Element, offset: number): Place | null {
  const rows = [...list.querySelectorAll(ROW)];
  const after = rows[offset] ?? rows.at(-1);
  if (!after) return null;
  const character = rows[offset] ? 0 : (after.querySelector(TEXT)?.textContent.length ?? 0);
  return { row: Number(after.getAttribute("data-index")), character };
}

interface Copied {
  readonly plain: string;
  readonly isRest?: boolean;
}

/** The text of the selection; rows that continue a line add no line break. */
export function textOf(rows: readonly Copied[], { from, to }: Selected): string {
  return rows
    .slice(from.row, to.row + 1)
    .map(({ plain, isRest }, at) => {
      const row = from.row + at;
      const text = plain.slice(row === from.row ? from.character : 0, row === to.row ? to.character : undefined);
      return at && !isRest ? `\n${text}` : text;
    })
    .join("");
}

/** Select from the beginning of one element to the end of another. */
export function selectAll(first: Element, last: Element): void {
  const range = document.createRange();
  range.setStart(first, 0);
  range.setEnd(last, last.childNodes.length);
  const selection = document.getSelection();
  selection?.removeAllRanges();
  selection?.addRange(range);
}
