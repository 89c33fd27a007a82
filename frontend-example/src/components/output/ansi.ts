/**
 * One line as a terminal shows it: colours become class names, `\r`, backspaces and cursor codes of the line are carried out,
 * everything else that a terminal does not print is left out. Codes that move to other lines are left out, too: nothing that
 * was printed disappears from a log.
 */
import Anser from "anser";
import { visible } from "../../visible";

/** Names of `ansi.css`; a style is never changed, so equal styles are often the same object. */
export interface Style {
  readonly foreground: string | null;
  readonly background: string | null;
  readonly decorations: readonly string[];
}

export interface Segment {
  readonly text: string;
  /** Empty for plain text. */
  readonly className: string;
}

export interface Drawn {
  readonly segments: readonly Segment[];
  /** The style behind the line: the next line begins with it. */
  readonly end: Style;
}

export const PLAIN: Style = { foreground: null, background: null, decorations: [] };

/** Introducer, parameters and final character of a control sequence; the strings of OSC and its like; other escapes. */
const CONTROL =
  /(?:\u001b\[|\u009b)([0-?]*)[ -/]*([@-~])|(?:\u001b[\]PX^_]|[\u0090\u0098\u009d-\u009f])[^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c)|\u001b[ -/]+[0-~]|\u001b[0-~]|[\r\b\u0007]/g;
const HAS_CONTROL = /[\u0007\b\r\u001b\u0080-\u009f]/;
const OVERWRITES = /[\r\b]|(?:\u001b\[|\u009b)[0-?]*[CDGKPX@`]/;

/** A line is at most so wide: a cursor code may ask for any column. */
const WIDEST = 20_000;

const BASE = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"] as const;

/** The codes of a line that only has colours are few: each combination is worked out once. */
const restyled = new Map<string, Style>();
const REMEMBERED = 4_000;

/** The style after a colour code (`1;31` of `ESC[1;31m`). */
function restyle(style: Style, codes: string): Style {
  const key = `${styleName(style)}|${codes}`;
  const known = restyled.get(key);
  if (known) return known;
  if (restyled.size > REMEMBERED) restyled.clear();
  const parser = Object.assign(new Anser(), {
    fg: style.foreground,
    bg: style.background,
    decorations: [...style.decorations],
  });
  const { fg, bg, fg_truecolor, bg_truecolor, decorations } = parser.processChunkJson(
    `${withSemicolons(codes)}m`,
    { json: true, use_classes: true },
    true,
  );
  const next: Style = {
    foreground: colourName(fg, fg_truecolor),
    background: colourName(bg, bg_truecolor),
    decorations: [...new Set(decorations)],
  };
  restyled.set(key, next);
  return next;
}

/** Newer terminals write `38:2::r:g:b` and `4:3`; the parser knows `38;2;r;g;b` and `4`. */
function withSemicolons(codes: string): string {
  if (!codes.includes(":")) return codes;
  return codes
    .split(";")
    .map((code) => {
      const [kind = "", mode = "", ...rest] = code.split(":");
      if (kind !== "38" && kind !== "48") return mode === "0" ? "24" : kind;
      return [kind, mode, ...(mode === "2" ? rest.slice(-3) : rest.slice(0, 1))].join(";");
    })
    .join(";");
}

/** Every colour is one of sixteen, so that each can be read on light and on dark paper. */
function colourName(name: string | null, trueColour: string | null): string | null {
  if (!name) return null;
  const [, index] = /^ansi-palette-(\d+)$/.exec(name) ?? [];
  if (index) return nearest(paletteColour(Number(index)));
  if (name === "ansi-truecolor") return nearest((trueColour ?? "").split(",").map(Number));
  return name;
}

function paletteColour(index: number): number[] {
  if (index >= 232) return Array<number>(3).fill(8 + (index - 232) * 10);
  const cube = index - 16;
  return [Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6].map((level) => (level ? 55 + level * 40 : 0));
}

function nearest(rgb: readonly number[]): string {
  const [red = 0, green = 0, blue = 0] = rgb;
  const most = Math.max(red, green, blue);
  const least = Math.min(red, green, blue);
  if (most - least < 32) return `ansi-${most < 64 ? "black" : most < 160 ? "bright-black" : "white"}`;
  const middle = (most + least) / 2;
  const at = (red > middle ? 1 : 0) + (green > middle ? 2 : 0) + (blue > middle ? 4 : 0);
  return `ansi-${most > 200 ? "bright-" : ""}${BASE[at]}`;
}

/** The class names of a style. Swapped colours stay readable: the colour becomes the background. */
export function styleName({ foreground, background, decorations }: Style): string {
  const isSwapped = decorations.includes("reverse");
  const [front, back] = isSwapped ? [background, foreground] : [foreground, background];
  return [
    front && `${front}-fg`,
    back && `${back}-bg`,
    isSwapped && !foreground && "ansi-swapped",
    ...decorations.map((name) => name !== "reverse" && name !== "blink" && `ansi-${name}`),
  ]
    .filter(Boolean)
    .join(" ");
}

/** The line, from the style that the line before left. */
export function draw(raw: string, start: Style): Drawn {
  if (!HAS_CONTROL.test(raw)) return { segments: pieces([[raw, start]]), end: start };
  return OVERWRITES.test(raw) ? drawCells(raw, start) : drawRuns(raw, start);
}

interface Control {
  text: string;
  parameters: string;
  final: string;
}

/** The printed texts of a line, and what stands between them. */
function* tokens(raw: string): Generator<string | Control> {
  let from = 0;
  for (const match of raw.matchAll(CONTROL)) {
    if (match.index > from) yield raw.slice(from, match.index);
    from = match.index + match[0].length;
    yield { text: match[0], parameters: match[1] ?? "", final: match[2] ?? "" };
  }
  if (from < raw.length) yield raw.slice(from);
}

const isColour = ({ final, parameters }: Control): boolean => final === "m" && /^[\d;:]*$/.test(parameters);

function drawRuns(raw: string, start: Style): Drawn {
  let style = start;
  const runs: [string, Style][] = [];
  for (const token of tokens(raw)) {
    if (typeof token === "string") runs.push([token, style]);
    else if (isColour(token)) style = restyle(style, token.parameters);
  }
  return { segments: pieces(runs), end: style };
}

/** As a terminal does it: every character has its place, and a later one replaces what stood there. */
function drawCells(raw: string, start: Style): Drawn {
  const cells: [string, Style][] = [];
  let column = 0;
  let style = start;
  const blanks = (from: number, to: number): void => {
    for (let at = from; at < to; at++) cells[at] = [" ", PLAIN];
  };
  for (const token of tokens(raw)) {
    if (typeof token === "string") {
      for (const character of token) {
        if (column > cells.length) blanks(cells.length, column);
        cells[column++] = [character, style];
      }
    } else if (token.text === "\r") column = 0;
    else if (token.text === "\b") column = Math.max(0, column - 1);
    else if (isColour(token)) style = restyle(style, token.parameters);
    else if (token.final === "K") erase(cells, column, token.parameters, blanks);
    else column = moved(column, token);
  }
  return { segments: pieces(cells), end: style };
}

type Blanks = (from: number, to: number) => void;

function erase(cells: [string, Style][], column: number, mode: string, blanks: Blanks): void {
  if (mode === "1") blanks(0, Math.min(column + 1, cells.length));
  else if (mode === "2") blanks(0, Math.min(column, cells.length));
  if (mode !== "1") cells.length = Math.min(cells.length, column);
}

function moved(column: number, { final, parameters }: Control): number {
  const count = Math.max(1, Number(parameters) || 1);
  const place = { C: column + count, D: column - count, G: count - 1, "`": count - 1 }[final] ?? column;
  return Math.min(Math.max(0, place), Math.max(WIDEST, column));
}

/** Neighbours of the same style become one segment. */
function pieces(runs: readonly [string, Style][]): Segment[] {
  const segments: { text: string; className: string }[] = [];
  let before: Style | null = null;
  for (const [text, style] of runs) {
    const last = segments.at(-1);
    if (last && before === style) last.text += text;
    else segments.push({ text, className: styleName(style) });
    before = style;
  }
  return segments.filter(({ text }) => text).map(({ text, className }) => ({ text: visible(text), className }));
}
