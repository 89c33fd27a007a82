/**
 * Rows of a log in a scroll area of their own: only those that are seen exist. It follows the end while the end is seen;
 * scrolling up pauses that. A selection stays where it is, whatever is added, and is copied whole.
 */
import { useVirtualizer } from "@tanstack/react-virtual";
import { useCallback, useImperativeHandle, useRef, type ReactNode, type Ref } from "react";
import { LogRow, type LogRowLine } from "./LogRow";
import type { Match } from "./search";
import { useFollow } from "./useFollow";
import { useRowHeight } from "./useRowHeight";
import { useSelectedRows } from "./useSelectedRows";

export interface LogViewHandle {
  toEnd: () => void;
  toTop: () => void;
  toRow: (row: number) => void;
  focus: () => void;
}

interface Props {
  label: string;
  rows: readonly LogRowLine[];
  /** Distinguishes the first row from rows before it that are not here: it goes down when older rows come. */
  firstKey?: number;
  isWrapped: boolean;
  /** Show the end at first. */
  startsAtEnd: boolean;
  gutter?: (row: LogRowLine) => ReactNode;
  matches: ReadonlyMap<number, readonly Match[]>;
  current: Match | null;
  /** Called with the number of rows that came while the end was not seen; null while it is seen. */
  onPause: (newRows: number | null) => void;
  onKey?: (event: React.KeyboardEvent) => void;
  /** Called when the person comes to the first rows. */
  onTop?: () => void;
  ref?: Ref<LogViewHandle>;
}

export function LogView({ rows, firstKey = 0, isWrapped, matches, current, gutter, ...props }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const height = useRowHeight(scroller, isWrapped);
  const selected = useSelectedRows(list, rows, firstKey);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: (at) => height(rows[at]?.width ?? 0),
    // The same function as long as the keys are the same: another one has every row measured anew.
    getItemKey: useCallback((at: number) => firstKey + at, [firstKey]),
    overscan: 20,
    rangeExtractor: selected.withSelected,
  });
  const follow = useFollow({ scroller, virtual, rows, firstKey, ...props });
  useImperativeHandle(props.ref, () => ({
    toEnd: follow.toEnd,
    toTop: follow.toTop,
    toRow: (row) => virtual.scrollToIndex(row, { align: "center" }),
    focus: () => scroller.current?.focus(),
  }));

  return (
    <div
      ref={scroller}
      className={`log-view${isWrapped ? " wrapped" : ""}`}
      role="region"
      aria-label={props.label}
      tabIndex={0}
      onScroll={follow.onScroll}
      onCopy={selected.onCopy}
      onKeyDown={(event) => {
        selected.onKeyDown(event);
        props.onKey?.(event);
      }}
    >
      <div ref={list} className="log-rows" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ key, index, start }) => {
          const line = rows[index];
          return (
            line && (
              <LogRow
                key={key}
                line={line}
                index={index}
                top={start}
                measure={virtual.measureElement}
                gutter={gutter}
                matches={matches.get(index)}
                current={current?.row === index ? current : null}
              />
            )
          );
        })}
      </div>
    </div>
  );
}
