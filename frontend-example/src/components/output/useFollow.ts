/** Keeps the end in view while the person looks at it, and keeps everything else where it is. */
import type { Virtualizer } from "@tanstack/react-virtual";
import { useCallback, useLayoutEffect, useRef, type RefObject } from "react";

/** Pixels from the end that still count as the end. */
const NEAR = 24;
/** Pixels from the beginning at which older rows are asked for. */
const FROM_TOP = 100;

interface Followed {
  scroller: RefObject<HTMLDivElement | null>;
  virtual: Virtualizer<HTMLDivElement, Element>;
  rows: readonly unknown[];
  firstKey: number;
  startsAtEnd: boolean;
  onPause: (newRows: number | null) => void;
  onTop?: () => void;
}

export function useFollow({ scroller, virtual, rows, firstKey, startsAtEnd, onPause, onTop }: Followed) {
  const isFollowing = useRef(startsAtEnd);
  /** The key behind the last row that was in view when following ended. */
  const seen = useRef(firstKey + rows.length);
  const place = useRef({ top: 0, firstKey });
  const size = virtual.getTotalSize();

  const toEnd = useCallback(() => {
    isFollowing.current = true;
    const element = scroller.current;
    if (element) element.scrollTop = element.scrollHeight;
    onPause(null);
  }, [scroller, onPause]);

  const toTop = useCallback(() => {
    isFollowing.current = false;
    if (scroller.current) scroller.current.scrollTop = 0;
    onPause(0);
  }, [scroller, onPause]);

  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const { top, firstKey: before } = place.current;
    place.current.firstKey = firstKey;
    const fromEnd = element.scrollHeight - element.scrollTop - element.clientHeight;
    // A person scrolls up between two additions: the browser tells it later than it moves.
    if (element.scrollTop < top - 2 && fromEnd > NEAR) isFollowing.current = false;
    // What fits is seen to its end; but a text that is read from its beginning stays there when it grows.
    const fits = element.scrollHeight - element.clientHeight < NEAR;
    if (fits && startsAtEnd) isFollowing.current = true;
    if (isFollowing.current) element.scrollTop = element.scrollHeight;
    else if (firstKey < before) element.scrollTop += virtual.measurementsCache[before - firstKey]?.start ?? 0;
    place.current.top = element.scrollTop;
    const end = firstKey + rows.length;
    const isSeen = isFollowing.current || fits;
    if (isSeen) seen.current = end;
    onPause(isSeen ? null : Math.max(0, end - seen.current));
  }, [size, rows, firstKey, startsAtEnd, virtual, scroller, onPause]);

  const onScroll = useCallback(() => {
    const element = scroller.current;
    if (!element) return;
    place.current.top = element.scrollTop;
    const isAtEnd = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR;
    if (isAtEnd) seen.current = firstKey + rows.length;
    if (isAtEnd !== isFollowing.current) {
      isFollowing.current = isAtEnd;
      onPause(isAtEnd ? null : 0);
    }
    if (!isAtEnd && element.scrollTop < FROM_TOP) onTop?.();
  }, [scroller, rows.length, firstKey, onPause, onTop]);

  return { toEnd, toTop, onScroll };
}
