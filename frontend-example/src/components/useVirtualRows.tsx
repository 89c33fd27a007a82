/** The rows of a table of any length: only those that are seen exist. A row may be as high as it likes. */
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useCallback, useEffect, useLayoutEffect, useRef, useState, type RefObject } from "react";

/** A first guess; each row is measured. */
const ROW_HEIGHT = 45;

/** Rows before the end of the list at which the next page is read. */
const AHEAD = 25;

interface Options {
  table: RefObject<HTMLTableElement | null>;
  shown: { rows: readonly { id: string }[]; hasMore: boolean; isReading: boolean; edition: number };
  /** The last rows are near: read more. */
  onEnd: () => void;
}

export function useVirtualRows({ table, shown: { rows, hasMore, isReading, edition }, onEnd }: Options) {
  const margin = useTop(table);
  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => ROW_HEIGHT,
    overscan: 12,
    scrollMargin: margin,
    getItemKey: (index) => rows[index]?.id ?? index,
  });
  // Asked of the window itself: the library's own offset is of the last scroll event. A late measurement after `toTop`
  // would else be made up for, and leave a gap above the first row.
  virtual.shouldAdjustScrollPositionOnItemSizeChange = (item) => item.start < window.scrollY;
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? -1;
  useEffect(() => {
    if (hasMore && !isReading && last >= rows.length - AHEAD) onEnd();
  }, [hasMore, isReading, last, rows.length, onEnd]);
  const toTop = useCallback((): void => {
    if (window.scrollY === 0) return;
    // By the library: it may wait for a longer page to finish a scroll of its own, which it then forgets.
    virtual.scrollToOffset(0);
    // The event comes later: rows that are measured before it would be taken for rows above the fold, and be made up for.
    virtual.scrollOffset = 0;
  }, [virtual]);
  // Another list is read from its beginning, and where the former one was scrolled to means nothing in it.
  useLayoutEffect(() => {
    if (edition > 1) toTop();
  }, [edition, toTop]);
  return {
    indexes: items.map(({ index }) => index),
    /** For the `ref` of each row, which needs `data-index` too. */
    measure: virtual.measureElement,
    /** The heights of the rows that do not exist, above and below. */
    above: (items[0]?.start ?? margin) - margin,
    below: virtual.getTotalSize() - ((items.at(-1)?.end ?? margin) - margin),
  };
}

/** The distance of the table from the top of the document, which changes with what stands above it. */
function useTop(table: RefObject<HTMLElement | null>): number {
  const [top, setTop] = useState(0);
  useLayoutEffect(() => {
    if (table.current) setTop(Math.round(table.current.getBoundingClientRect().top + window.scrollY));
  });
  return top;
}

export function Spacer({ height }: { height: number }) {
  const cell = useRef<HTMLTableCellElement>(null);
  // Before the page is painted, or the rows would jump. By script, as the Content-Security-Policy wants it.
  useLayoutEffect(() => {
    if (cell.current) cell.current.style.height = `${height}px`;
  }, [height]);
  return height > 0 ? (
    <tr aria-hidden="true" className="spacer">
      {/* One column: on a narrow page most columns do not exist. */}
      <td ref={cell} />
    </tr>
  ) : null;
}
