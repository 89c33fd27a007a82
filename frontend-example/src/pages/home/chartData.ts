/** The throughput as the chart draws it, and in words for people who do not see it. */
import type { HomeStatsQuery } from "../../gql/graphql";
import { duration } from "../../time";
import { counted } from "../../words";

export type Bucket = NonNullable<HomeStatsQuery["stats"]>["throughput"][number];

/** The times (in seconds, the middle of each part), the height of the failed ones over the completed ones, p95. */
export type ChartData = [number[], number[], number[], (number | null)[]];

export function chartDataOf(buckets: readonly Bucket[]): ChartData {
  const middle = ({ start, end }: Bucket): number => (Date.parse(start) + Date.parse(end)) / 2000;
  return [
    buckets.map(middle),
    buckets.map(({ completed, failed }) => completed + failed),
    buckets.map(({ completed }) => completed),
    buckets.map(({ durationSecondsP95 }) => durationSecondsP95),
  ];
}

/** A mark of the axis: several marks below a tenth of a second must differ. */
export const secondsMark = (seconds: number): string =>
  seconds > 0 && seconds < 0.1 ? `${Math.round(seconds * 1000)} ms` : duration(seconds);

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

export function summaryOf(buckets: readonly Bucket[], period: string): string {
  const completed = sum(buckets.map((bucket) => bucket.completed));
  const failed = sum(buckets.map((bucket) => bucket.failed));
  const slowest = Math.max(...buckets.map(({ durationSecondsP95 }) => durationSecondsP95 ?? -1));
  const slow = slowest >= 0 ? ` At the slowest time, 95 % took at most ${duration(slowest)}.` : "";
  return `${counted(completed, "process", "processes")} completed and ${failed.toLocaleString()} failed ${period}.${slow}`;
}

export function bucketWords({ completed, failed, started, durationSecondsP95 }: Bucket): string {
  const p95 = durationSecondsP95 === null ? "" : `; 95 % took at most ${duration(durationSecondsP95)}`;
  return `${started} started, ${completed} completed, ${failed} failed${p95}`;
}
