/** The periods of the numbers and of the chart. */
import type { StatsWindow } from "../../gql/graphql";

interface Period {
  name: string;
  /** The name within a sentence. */
  words: string;
  window: StatsWindow;
  /** Seconds of one part of the chart, and how many there are. */
  size: number;
  buckets: number;
  /** Milliseconds in which changes are gathered: a longer period costs more to count. */
  gather: number;
}

export const PERIODS = {
  hour: { name: "1 hour", words: "in the last hour", window: "LAST_HOUR", size: 120, buckets: 30, gather: 1_000 },
  day: { name: "24 hours", words: "in the last 24 hours", window: "LAST_24_HOURS", size: 3_600, buckets: 24, gather: 2_000 },
  week: { name: "7 days", words: "in the last 7 days", window: "LAST_7_DAYS", size: 21_600, buckets: 28, gather: 10_000 },
} as const satisfies Record<string, Period>;

export type PeriodName = keyof typeof PERIODS;

export function periodOf(parameters: URLSearchParams): PeriodName {
  const name = parameters.get("period") ?? "";
  return Object.hasOwn(PERIODS, name) ? (name as PeriodName) : "day";
}

/** The whole parts of the period that end with the one that is not over yet. */
export function rangeOf(name: PeriodName, now: number): { from: string; to: string } {
  const { size, buckets } = PERIODS[name];
  const end = Math.ceil(now / 1000 / size) * size;
  const iso = (seconds: number): string => new Date(seconds * 1000).toISOString();
  return { from: iso(end - size * buckets), to: iso(end) };
}
