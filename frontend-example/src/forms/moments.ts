/** Dates, times and instants as ISO texts, and what a person should know beside the text. */
import type { Reading } from "./typed";

const DATE = /^\d{4}-\d{2}-\d{2}$/;
const INSTANT = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?([Zz]|[+-]\d{2}:?\d{2})?$/;
const TIME = /^\d{2}:\d{2}(:\d{2}(\.\d+)?)?([Zz]|[+-]\d{2}:?\d{2})?$/;
const DURATION = /^-?P(?=.)(\d+(\.\d+)?[YMWD])*(T(\d+(\.\d+)?[HMS])+)?$/;
const ZONE = /([Zz]|[+-]\d{2}:?\d{2})$/;

const SHAPES: Record<string, RegExp> = { date: DATE, "date-time": INSTANT, time: TIME, duration: DURATION };

/** An example in the placeholder says how to write the text. */
export const EXAMPLES: Record<string, string> = {
  date: "2026-01-31",
  "date-time": "2026-01-31T14:05:00Z",
  time: "14:05:00",
  duration: "P1DT2H30M",
};

/** True if the text looks like a value of this format; the server judges. */
export const looksLike = (format: string, text: string): boolean => SHAPES[format]?.test(text) ?? true;

/** What stands beside the text: local time, zone, day of the week. */
export function noteOn(format: string, text: string): string {
  if (text === "" || !looksLike(format, text)) return "";
  if (format === "date") return dayOf(text);
  if (format === "time") return ZONE.test(text) ? `Zone ${zoneOf(text)}.` : "Without a zone.";
  if (format === "duration") return durationWords(text);
  return format === "date-time" ? noteOnInstant(text) : "";
}

const PARTS: Record<string, string> = { Y: "year", M: "month", W: "week", D: "day", TH: "hour", TM: "minute", TS: "second" };

/** `P1DT2H` as `1 day 2 hours`: nobody should have to know how ISO 8601 writes a duration. */
function durationWords(text: string): string {
  const [days = "", times = ""] = text.replace(/^-?P/, "").split("T");
  const words = (part: string, mark: string): string[] =>
    [...part.matchAll(/(\d+(?:\.\d+)?)([YMWDHS])/g)].map(([, count = "", unit = ""]) => {
      const noun = PARTS[mark + unit] ?? "";
      return `${count} ${noun}${count === "1" ? "" : "s"}`;
    });
  const minus = text.startsWith("-") ? "minus " : "";
  return minus + [...words(days, ""), ...words(times, "T")].join(" ");
}

function dayOf(text: string): string {
  const day = new Date(`${text}T12:00:00`);
  return Number.isNaN(day.getTime()) ? "" : day.toLocaleDateString([], { weekday: "long", day: "numeric", month: "long", year: "numeric" });
}

function noteOnInstant(text: string): string {
  if (!ZONE.test(text)) return "Without a zone.";
  const local = localTime(Date.parse(text.replace(" ", "T")));
  return local && `${local} local time; zone ${zoneOf(text)}.`;
}

const zoneOf = (text: string): string => {
  const [zone = ""] = ZONE.exec(text) ?? [];
  return /z/i.test(zone) ? "UTC" : zone;
};

export function localTime(milliseconds: number): string {
  const at = new Date(milliseconds);
  return Number.isNaN(at.getTime()) ? "" : at.toLocaleString([], { dateStyle: "medium", timeStyle: "medium" });
}

/** Seconds since 1970 as an ISO text in UTC. */
export function writeSeconds(seconds: number): string {
  const at = new Date(seconds * 1000);
  return Number.isNaN(at.getTime()) ? String(seconds) : at.toISOString().replace(/\.000Z$/, "Z");
}

/** An ISO text as seconds since 1970; without a zone, it is local time. Bare seconds are read too. */
export function readSeconds(text: string): Reading {
  const typed = text.trim();
  if (/^-?\d+$/.test(typed)) return { value: Number(typed) };
  const parsed = INSTANT.test(typed) || DATE.test(typed) ? Date.parse(DATE.test(typed) ? `${typed}T00:00:00` : typed.replace(" ", "T")) : NaN;
  return Number.isNaN(parsed) ? { problem: "Write date and time, such as 2026-01-31T14:05:00Z." } : { value: Math.floor(parsed / 1000) };
}
