/** Heights of rows before they are drawn, from their number of characters: letters of a log are all of the same width. */
import { useCallback, useLayoutEffect, useState, type RefObject } from "react";

/** Pixels of a line, as `output.css` has it. */
const LINE = 20;
const GUTTER = 64;
const LETTER = 7.2;

export function useRowHeight(scroller: RefObject<HTMLElement | null>, isWrapped: boolean): (length: number) => number {
  const [letters, setLetters] = useState(100);
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element || !isWrapped) return;
    const watcher = new ResizeObserver(() =>
      setLetters(Math.max(10, Math.floor((element.clientWidth - GUTTER) / LETTER))),
    );
    watcher.observe(element);
    return () => watcher.disconnect();
  }, [scroller, isWrapped]);
  return useCallback(
    (length) => (isWrapped ? LINE * Math.max(1, Math.ceil(length / letters)) : LINE),
    [isWrapped, letters],
  );
}
