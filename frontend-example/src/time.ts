/** Times as people say them. */

const UNITS: readonly [number, string][] = [
  [86_400, "d"],
  [3_600, "h"],
  [60, "min"],
  [1, "s"],
];

/** Below this, a tenth of a second would read as nothing at all. */
const SHORTEST = 0.05;

/** Seconds as two units at most: `< 0.1 s`, `1.4 s`, `40 s`, `3 min 12 s`, `2 h 5 min`, `3 d 4 h`. */
export function duration(seconds: number): string {
  if (seconds > 0 && seconds < SHORTEST) return "< 0.1 s";
  if (seconds < 10 && !Number.isInteger(seconds)) return `${Number(Math.max(0, seconds).toFixed(1))} s`;
  let rest = Math.max(0, Math.round(seconds));
  const first = UNITS.findIndex(([size]) => rest >= size);
  if (first < 0) return "0 s";
  return UNITS.slice(first, first + 2)
    .map(([size, name]) => {
      const count = Math.floor(rest / size);
      rest %= size;
      return count ? `${count} ${name}` : "";
    })
    .filter(Boolean)
    .join(" ");
}

export function secondsSince(iso: string, now: number): number {
  return Math.floor((now - Date.parse(iso)) / 1000);
}

/** `just now`, `5 min ago`, `in 3 h`: the larger unit is enough to scan a list. What is to come is rounded, not cut. */
export function relative(iso: string, now: number): string {
  const seconds = secondsSince(iso, now);
  if (Math.abs(seconds) < 5) return "just now";
  return seconds > 0 ? `${largestUnit(seconds)} ago` : `in ${largestUnit(rounded(-seconds))}`;
}

const largestUnit = (seconds: number): string => duration(seconds).split(/(?<=[a-z]) /)[0] ?? "";

/** The seconds as the nearest number of their largest unit: 3 h 50 min are 4 h. */
function rounded(seconds: number): number {
  const [size] = UNITS.find(([unit]) => seconds >= unit) ?? [1];
  return Math.round(seconds / size) * size;
}

export type Zone = "local" | "UTC";

interface Formats {
  day: Intl.DateTimeFormat;
  time: Intl.DateTimeFormat;
}

function formatsOf(zone: Zone): Formats {
  const options = zone === "UTC" ? { timeZone: "UTC" } : {};
  return {
    day: new Intl.DateTimeFormat([], { ...options, day: "numeric", month: "short", year: "numeric" }),
    time: new Intl.DateTimeFormat([], { ...options, hour: "2-digit", minute: "2-digit", second: "2-digit" }),
  };
}

/** Made once: to make a format costs a hundred times as much as to use it, and a page shows a thousand times. */
const FORMATS: Record<Zone, Formats> = { local: formatsOf("local"), UTC: formatsOf("UTC") };

const FULL = new Intl.DateTimeFormat([], {
  ...{ year: "numeric", month: "numeric", day: "numeric" },
  ...{ hour: "numeric", minute: "numeric", second: "numeric" },
});

/** A moment by the chosen clock; the date only if it is not today. A time that is not that of the person's clock says so. */
export function moment(iso: string, zone: Zone, now: number): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return iso;
  const { day, time } = FORMATS[zone];
  const [that, today] = [day.format(date), day.format(now)];
  return `${that === today ? "" : `${that} `}${time.format(date)}${zone === "UTC" ? " UTC" : ""}`;
}

/** Local time and UTC, to be shown when a person points at a time. */
export function fullMoment(iso: string): string {
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? iso : `${FULL.format(date)} (${date.toISOString()})`;
}
