/** Keeps the rows in which a selection begins and ends, and copies all rows between, also those that do not exist now. */
import { defaultRangeExtractor, type Range } from "@tanstack/react-virtual";
import { useCallback, useEffect, useLayoutEffect, useRef, useState, type RefObject } from "react";
import type { LogRowLine } from "./LogRow";
import { selectAll, selectedIn, textOf } from "./selection";

/** `firstKey` is the key of the first row: rows are known by their keys, because rows may come before them or go. */
export function useSelectedRows(list: RefObject<HTMLElement | null>, rows: readonly LogRowLine[], firstKey: number) {
  const [ends, setEnds] = useState<readonly [number, number] | null>(null);
  const isAllWanted = useRef(false);

  useEffect(() => {
    const follow = (): void => {
      const selected = list.current && selectedIn(list.current);
      setEnds((before) => {
        if (!selected) return null;
        const after = [firstKey + selected.from.row, firstKey + selected.to.row] as const;
        return before && before[0] === after[0] && before[1] === after[1] ? before : after;
      });
    };
    document.addEventListener("selectionchange", follow);
    return () => document.removeEventListener("selectionchange", follow);
  }, [list, firstKey]);

  useLayoutEffect(() => {
    if (!isAllWanted.current || !list.current) return;
    isAllWanted.current = false;
    const { firstElementChild: first, lastElementChild: last } = list.current;
    if (first && last) selectAll(first, last);
  }, [ends, list]);

  const withSelected = useCallback(
    (range: Range) => {
      const seen = defaultRangeExtractor(range);
      const kept = (ends ?? []).map((key) => key - firstKey).filter((row) => row >= 0 && row < range.count);
      return kept.every((row) => seen.includes(row)) ? seen : [...new Set([...seen, ...kept])].sort((a, b) => a - b);
    },
    [ends, firstKey],
  );

  const onCopy = (event: React.ClipboardEvent): void => {
    const selected = list.current && selectedIn(list.current);
    if (!selected) return;
    event.preventDefault();
    event.clipboardData.setData("text/plain", textOf(rows, selected));
  };

  const onKeyDown = (event: React.KeyboardEvent): void => {
    if (event.key !== "a" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    isAllWanted.current = true;
    setEnds([firstKey, firstKey + rows.length - 1]);
  };

  return { withSelected, onCopy, onKeyDown };
}
