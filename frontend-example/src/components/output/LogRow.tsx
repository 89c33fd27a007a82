/** One row of a log. It is drawn again only if it or a match in it changes. */
import { memo, type ReactNode } from "react";
import type { Line } from "./lines";
import type { Match } from "./search";
import type { Segment } from "./ansi";

export interface LogRowLine extends Line {
  /** The time at which the line came, if it is known. */
  readonly at?: string | null;
  readonly percent?: number | null;
}

interface Props {
  line: LogRowLine;
  index: number;
  top: number;
  measure: (element: Element | null) => void;
  gutter: ((line: LogRowLine) => ReactNode) | undefined;
  matches: readonly Match[] | undefined;
  current: Match | null;
}

export const LogRow = memo(function LogRow({ line, index, top, measure, gutter, matches = [], current }: Props) {
  return (
    <div
      ref={measure}
      className={line.diff ? `log-row diff-${line.diff}` : "log-row"}
      data-index={index}
      style={{ transform: `translateY(${top}px)` }}
    >
      {/* The number is drawn by the style sheet, so it is never copied. */}
      {gutter ? gutter(line) : <span className="log-number" data-number={line.isRest ? "" : line.number} />}
      <span className="log-text" data-row-text>
        {marked(line.segments, matches, current)}
      </span>
    </div>
  );
});

/** The segments of the row; what is found is marked. */
function marked(segments: readonly Segment[], matches: readonly Match[], current: Match | null): ReactNode {
  let at = 0;
  return segments.map(({ text, className }, index) => {
    const begin = at;
    at += text.length;
    const parts = matches.length ? split(text, begin, matches, current) : text;
    return className || typeof parts !== "string" ? (
      <span key={index} className={className || undefined}>
        {parts}
      </span>
    ) : (
      parts
    );
  });
}

function split(text: string, begin: number, matches: readonly Match[], current: Match | null): ReactNode {
  const parts: ReactNode[] = [];
  let done = 0;
  for (const match of matches) {
    const from = Math.max(done, match.from - begin);
    const to = Math.min(text.length, match.to - begin);
    if (to <= from) continue;
    parts.push(text.slice(done, from));
    parts.push(
      <mark key={match.from} className={match === current ? "current" : undefined}>
        {text.slice(from, to)}
      </mark>,
    );
    done = to;
  }
  if (!parts.length) return text;
  parts.push(text.slice(done));
  return parts;
}
