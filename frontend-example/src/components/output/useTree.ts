/** Which nodes of a tree are open, which one has the focus, and what the keys do (the tree pattern of WAI-ARIA). */
import { useCallback, useMemo, useState } from "react";
import type { Json } from "../../api/json";
import { idsAround, keysOf, childOf, pathId, rowsOf, sizeOf, type Path, type TreeRow } from "./treeRows";

export interface Tree {
  rows: readonly TreeRow[];
  /** The id of the row that the Tab key reaches. */
  focused: string;
  focus: (id: string) => void;
  toggle: (row: TreeRow) => void;
  /** Open what is around the place, and make it the one that the Tab key reaches. */
  show: (path: Path) => void;
  onKey: (event: React.KeyboardEvent, focusRow: (id: string) => void) => void;
}

export function useTree(value: Json, openUpTo: number): Tree {
  const [open, setOpen] = useState<ReadonlySet<string>>(() => openAtFirst(value, openUpTo));
  const [chosen, focus] = useState(pathId([]));
  const rows = useMemo(() => rowsOf(value, open), [value, open]);
  const focused = rows.some(({ id }) => id === chosen) ? chosen : pathId([]);

  const toggle = useCallback(({ id, canOpen }: TreeRow) => {
    if (!canOpen) return;
    setOpen((before) => {
      const after = new Set(before);
      if (!after.delete(id)) after.add(id);
      return after;
    });
  }, []);

  const show = useCallback(
    (path: Path) => {
      setOpen((before) => new Set([...before, ...idsAround(value, path)]));
      focus(pathId(path));
    },
    [value],
  );

  const onKey = (event: React.KeyboardEvent, focusRow: (id: string) => void): void => {
    const at = rows.findIndex(({ id }) => id === focused);
    const row = rows[at];
    // Keys in what a node shows, such as the search of a text, are not for the tree.
    if (!row || !(event.target instanceof Element) || event.target.getAttribute("data-id") !== row.id) return;
    const next = afterKey(event.key, rows, at);
    if (next === null) return;
    event.preventDefault();
    if (next === "toggle") toggle(row);
    else if (rows[next]) focusRow(rows[next].id);
  };
  return { rows, focused, focus, toggle, show, onKey };
}

/** The row to go to, or that the row is to be opened or closed; null if the key means nothing here. */
export function afterKey(key: string, rows: readonly TreeRow[], at: number): number | "toggle" | null {
  const row = rows[at];
  if (!row) return null;
  switch (key) {
    case "ArrowDown":
      return Math.min(rows.length - 1, at + 1);
    case "ArrowUp":
      return Math.max(0, at - 1);
    case "Home":
      return 0;
    case "End":
      return rows.length - 1;
    case "Enter":
    case " ":
      return "toggle";
    case "ArrowRight":
      if (!row.canOpen) return at;
      if (!row.isOpen) return "toggle";
      return (rows[at + 1]?.level ?? 0) > row.level ? at + 1 : at;
    case "ArrowLeft": {
      if (row.isOpen) return "toggle";
      const around = rows.slice(0, at).findLastIndex(({ level }) => level < row.level);
      return around < 0 ? at : around;
    }
    default:
      return null;
  }
}

function openAtFirst(value: Json, openUpTo: number): ReadonlySet<string> {
  const ids = [pathId([])];
  if (sizeOf(value) <= openUpTo) {
    for (const key of keysOf(value)) {
      const size = sizeOf(childOf(value, key));
      if (size > 0 && size <= openUpTo) ids.push(pathId([key]));
    }
  }
  return new Set(ids);
}
