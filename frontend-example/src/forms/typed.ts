/** What a person types, read as values and written as texts, without loss. */
import { numberValue, parse, plainText, stringify, type Json } from "../api/json";

/** A value that was read, or why the text is no value. */
export type Reading = { value: Json } | { problem: string };

const WHOLE = /^[+-]?\d+$/;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/** A number, a text or nothing as the text of an input. */
export function textOf(value: Json | undefined): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? plainText(value) : stringify(value);
}

/** Typed digits as a number of any length. */
export function readNumber(text: string, isWhole: boolean): Reading {
  const typed = text.trim();
  if (isWhole ? !WHOLE.test(typed) : !NUMBER.test(typed)) return { problem: isWhole ? "This is not a whole number." : "This is not a number." };
  return { value: numberValue(asJsonNumber(typed)) };
}

/** The spelling that JSON allows: no plus, no leading zeros, a digit on each side of the point. */
function asJsonNumber(typed: string): string {
  const [, sign = "", whole = "", rest = ""] = /^([+-]?)(\d*)(.*)$/.exec(typed) ?? [];
  const digits = whole.replace(/^0+(?=\d)/, "") || "0";
  return (sign === "-" ? "-" : "") + digits + rest.replace(/^\.(?!\d)/, "");
}

/** A typed decimal stays a text: the server reads it with all its digits and zeros. */
export function readDecimal(text: string): Reading {
  const typed = text.trim();
  return NUMBER.test(typed) ? { value: typed } : { problem: "This is not a number." };
}

export function readJson(text: string): Reading {
  try {
    return { value: parse(text) as Json };
  } catch {
    return { problem: "This is not JSON: texts need double quotes." };
  }
}

export const writeJson = (value: Json | undefined): string => (value === undefined ? "" : stringify(value, 2));

/** A text whose first character is the mark of a long number gets a second one; see `api/json.ts`. */
export const textValue = (typed: string): string => (plainText(typed) === typed ? typed : typed.charAt(0) + typed);

const LINE_END = /\r\n|\r|\n/g;
const endsOf = (text: string): string[] => text.match(LINE_END) ?? [];

export const hasLines = (value: unknown): boolean => typeof value === "string" && /[\r\n]/.test(value);

/** The text with the line ends of a browser's text area. */
export const withPlainEnds = (text: string): string => text.replace(LINE_END, "\n");

/**
 * The typed text with the line ends that the text had before: a browser's text area makes all of them `\n`. A line that is
 * still there keeps its end; a new line gets the end that is most frequent.
 */
export function withEndsOf(before: string, typed: string): string {
  const ends = endsOf(before);
  if (ends.every((end) => end === "\n")) return typed;
  const old = withPlainEnds(before).split("\n");
  const lines = typed.split("\n");
  const most = ends.filter((end) => end === "\r\n").length * 2 >= ends.length ? "\r\n" : (ends.find((end) => end !== "\r\n") ?? "\n");
  let same = 0;
  while (same < Math.min(old.length, lines.length) && old[same] === lines[same]) same++;
  const later = old.length - lines.length;
  let tail = 0;
  while (tail < Math.min(old.length, lines.length) - same && old[old.length - 1 - tail] === lines[lines.length - 1 - tail]) tail++;
  const endOf = (at: number): string => {
    if (at < same || later === 0) return ends[at] ?? most;
    return at >= lines.length - tail ? (ends[at + later] ?? most) : most;
  };
  return lines.map((line, at) => (at < lines.length - 1 ? line + endOf(at) : line)).join("");
}
