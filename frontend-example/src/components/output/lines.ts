/** A text as lines that are drawn when they are looked at. Text that comes later only adds lines: the others stay the same objects. */
import { draw, PLAIN, type Segment, type Style } from "./ansi";
import { diffKind, NO_DIFF, type DiffKind, type DiffState } from "./diffLines";

export interface Line {
  /** True if the line is the rest of the line before, which is too long for one row. */
  readonly isRest: boolean;
  readonly number: number;
  readonly diff: DiffKind;
  readonly segments: readonly Segment[];
  /** What is printed, without colours. */
  readonly plain: string;
  /** About the number of its characters, known without drawing it. */
  readonly width: number;
}

/** Colour codes, and those at the beginning and at the end of a line. */
const COLOURS = /(?:\u001b\[|\u009b)[\d;:]*m/g;
const FIRST_COLOURS = /^(?:(?:\u001b\[|\u009b)[\d;:]*m)+/;
const ENDS_PLAIN = /(?:\u001b\[|\u009b)0*m[^\u001b\u009b]*$/;

/** A longer line is shown in several rows: a browser lays a row out as a whole. */
const LONGEST_ROW = 4_000;

/** Browsers cannot scroll further than about twenty million pixels. */
export const MOST_LINES = 500_000;

interface State {
  style: Style;
  diff: DiffState;
  number: number;
}

class LazyLine implements Line {
  readonly isRest = false;
  private drawn: readonly Segment[] | null = null;
  private counted = -1;

  constructor(
    private readonly raw: string,
    private readonly start: Style,
    readonly number: number,
    readonly diff: DiffKind,
  ) {}

  get segments(): readonly Segment[] {
    this.drawn ??= draw(this.raw, this.start).segments;
    return this.drawn;
  }

  get width(): number {
    if (this.counted < 0) this.counted = hasCodes(this.raw) ? this.raw.replace(COLOURS, "").length : this.raw.length;
    return this.counted;
  }

  get plain(): string {
    const [first, ...others] = this.segments;
    return others.length ? this.segments.map(({ text }) => text).join("") : (first?.text ?? "");
  }
}

/** Lines that do not change. */
export class LogText {
  static readonly EMPTY = new LogText("", [], { style: PLAIN, diff: NO_DIFF, number: 0 }, 0, 0);

  private constructor(
    readonly text: string,
    readonly lines: readonly Line[],
    /** The state before the last line, which later text may continue. */
    private readonly state: State,
    private readonly closed: number,
    /** Where the last line begins in the text. */
    private readonly from: number,
  ) {}

  static of(text: string, isDiff = false): LogText {
    const { EMPTY } = LogText;
    const start = isDiff ? new LogText("", [], { ...EMPTY.state, diff: { ...NO_DIFF, isForced: true } }, 0, 0) : EMPTY;
    return start.grownTo(text);
  }

  /** The lines of a text that begins with this one; the lines that were complete are the same objects. */
  grownTo(text: string): LogText {
    const lines = this.lines.slice(0, this.closed);
    let { style, diff, number } = this.state;
    let { from, closed } = this;
    let before: State = this.state;
    while (from < text.length || from === 0) {
      const end = text.indexOf("\n", from);
      const raw = text.slice(from, end < 0 ? text.length : end).replace(/\r$/, "");
      before = { style, diff, number };
      closed = lines.length;
      const added = rows(raw, before);
      lines.push(...added.lines);
      ({ style, diff, number } = added.state);
      if (end < 0) break;
      from = end + 1;
      closed = lines.length;
      before = { style, diff, number };
    }
    return new LogText(text, lines, before, closed, from);
  }

  /** The lines of any text: those that are known already are kept. */
  replacedBy(text: string): LogText {
    if (text === this.text) return this;
    return this.text && text.startsWith(this.text) ? this.grownTo(text) : LogText.of(text, this.state.diff.isForced);
  }
}

const hasCodes = (raw: string): boolean => raw.includes("\u001b") || raw.includes("\u009b");

/** The lines of a log are many: a line is not drawn before it is seen, if the state behind it is known without that. */
function rows(raw: string, { style, diff, number }: State): { lines: Line[]; state: State } {
  const found = diffKind(hasCodes(raw) ? raw.replace(FIRST_COLOURS, "") : raw, diff);
  const state = { style: styleBehind(raw, style), diff: found.state, number: number + 1 };
  if (raw.length <= LONGEST_ROW) return { lines: [new LazyLine(raw, style, number + 1, found.kind)], state };
  const lines = broken(draw(raw, style).segments).map((segments, at) => {
    const plain = plainOf(segments);
    return { isRest: at > 0, number: number + 1, diff: found.kind, segments, plain, width: plain.length };
  });
  return { lines, state };
}

function styleBehind(raw: string, start: Style): Style {
  if (!hasCodes(raw)) return start;
  return ENDS_PLAIN.test(raw) ? PLAIN : draw(raw, start).end;
}

const plainOf = (segments: readonly Segment[]): string => segments.map(({ text }) => text).join("");

/** The segments in rows of at most `LONGEST_ROW` characters; at least one row. */
function broken(segments: readonly Segment[]): Segment[][] {
  const parts: Segment[][] = [];
  let part: Segment[] = [];
  let room = LONGEST_ROW;
  for (const { text, className } of segments) {
    for (let from = 0; from < text.length; ) {
      const to = whole(text, Math.min(text.length, from + room));
      part.push({ text: text.slice(from, to), className });
      room -= to - from;
      from = to;
      if (room <= 0) {
        parts.push(part);
        part = [];
        room = LONGEST_ROW;
      }
    }
  }
  if (part.length || !parts.length) parts.push(part);
  return parts;
}

/** The place, or the place behind it if it would cut a character in two. */
function whole(text: string, at: number): number {
  const unit = text.charCodeAt(at - 1);
  return at < text.length && unit >= 0xd800 && unit <= 0xdbff ? at + 1 : at;
}
