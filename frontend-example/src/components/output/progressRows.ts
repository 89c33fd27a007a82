/**
 * The rows of a progress log. At most a thousand lines stay while the end is followed; older reports can be put before them
 * again, and come back as they were.
 */
import { isObject, plainText, stringify, type Json } from "../../api/json";
import type { LoggedReport, LogPage } from "../../operations/output";
import type { LogRowLine } from "./LogRow";
import { LogText, type Line } from "./lines";
import { isLines } from "./jobResult";

export const MOST_LINES = 1_000;

interface Kept {
  readonly report: LoggedReport;
  readonly rows: readonly LogRowLine[];
  /** True if some of its rows had to go. */
  readonly isPart: boolean;
  readonly all: readonly string[];
}

export interface ProgressRows {
  readonly kept: readonly Kept[];
  readonly rows: readonly LogRowLine[];
  /** The key of the first row: it stays with its row, whatever comes before or goes. */
  readonly firstKey: number;
  readonly hasOlder: boolean;
  readonly totalCount: number;
}

export const NO_ROWS: ProgressRows = { kept: [], rows: [], firstKey: 0, hasOlder: false, totalCount: 0 };

/** The newest page, instead of what was there. */
export function startedWith(page: LogPage, before: ProgressRows): ProgressRows {
  const isSame = page.reports.length > 0 && page.reports.at(-1)?.cursor === newestCursor(before);
  return isSame ? { ...before, totalCount: page.totalCount } : built(keep(page.reports, []), 0, page.hasOlder, page.totalCount);
}

/** The reports that came after the newest. */
export function withNewer(before: ProgressRows, page: LogPage, isFollowing: boolean): ProgressRows {
  const known = newestCursor(before);
  const fresh = page.reports.filter(({ cursor }) => cursor !== known);
  const kept = [...before.kept, ...keep(fresh, before.kept.at(-1)?.all ?? [])];
  const after = built(kept, before.firstKey, before.hasOlder, page.totalCount);
  return isFollowing ? trimmed(after) : after;
}

/** The reports before the oldest. */
export function withOlder(before: ProgressRows, page: LogPage): ProgressRows {
  const rest = before.kept[0]?.isPart ? before.kept.slice(1) : before.kept;
  const kept = [...keep(page.reports, []), ...rest];
  const count = (list: readonly Kept[]): number => list.reduce((sum, { rows }) => sum + rows.length, 0);
  const more = count(kept) - before.rows.length;
  return built(kept, before.firstKey - more, page.hasOlder, page.totalCount);
}

/** The last thousand lines. */
export function trimmed(before: ProgressRows): ProgressRows {
  let surplus = before.rows.length - MOST_LINES;
  if (surplus <= 0) return before;
  const kept = [...before.kept];
  while (kept[0] && kept[0].rows.length <= surplus) surplus -= kept.shift()?.rows.length ?? 0;
  const [first] = kept;
  if (first && surplus > 0) kept[0] = { ...first, rows: first.rows.slice(surplus), isPart: true };
  const firstKey = before.firstKey + before.rows.length - MOST_LINES;
  return built(kept, firstKey, true, before.totalCount);
}

/** The report before which older ones are read; null to read the newest. */
export function oldestCursor({ kept }: ProgressRows): string | null {
  return (kept[0]?.isPart ? kept[1] : kept[0])?.report.cursor ?? null;
}

export function newestCursor({ kept }: ProgressRows): string | null {
  return kept.at(-1)?.report.cursor ?? null;
}

/** The last percentage that was reported; null if there is none: no percentage is not 0 %. */
export function lastPercent({ kept }: ProgressRows): number | null {
  return kept.findLast(({ report }) => report.percent !== null && report.percent !== undefined)?.report.percent ?? null;
}

function built(kept: readonly Kept[], firstKey: number, hasOlder: boolean, totalCount: number): ProgressRows {
  return { kept, rows: kept.flatMap(({ rows }) => rows), firstKey, hasOlder, totalCount };
}

function keep(reports: readonly LoggedReport[], before: readonly string[]): Kept[] {
  let last = before;
  return reports.map((report) => {
    const all = reportLines(report);
    // Some services send all lines so far with every report: only the new ones are new.
    const isGrown = last.length > 1 && all.length > last.length && last.every((line, at) => line === all[at]);
    const lines = isGrown ? all.slice(last.length) : all;
    last = all;
    return { report, rows: rowsOf(report, LogText.of(lines.join("\n")).lines), isPart: false, all };
  });
}

function rowsOf({ reportedAt, percent }: LoggedReport, lines: readonly Line[]): LogRowLine[] {
  return lines.map((line, at) => ({
    segments: line.segments,
    plain: line.plain,
    width: line.width,
    isRest: line.isRest,
    diff: line.diff,
    number: line.number,
    at: at === 0 ? reportedAt : null,
    percent: at === 0 ? (percent ?? null) : null,
  }));
}

/** What a report says. The lines of an LSO are in its data; its message is the last of them. */
export function reportLines({ message, data }: Pick<LoggedReport, "message" | "data">): readonly string[] {
  const value: Json = data ?? null;
  const lines = isObject(value) ? (value as { [key: string]: Json })["progress"] : undefined;
  if (isLines(lines) && lines.length) {
    const cut = Number((value as { [key: string]: Json })["cut"] ?? 0);
    const note = cut > 0 ? [`… ${cut.toLocaleString()} earlier lines of this report were not kept`] : [];
    return [...note, ...lines.flatMap((line) => plainText(line).split("\n"))];
  }
  if (message !== null && message !== undefined) return plainText(message).split("\n");
  const others = isObject(value) ? Object.entries(value).filter(([key]) => key !== "percent") : null;
  if (others) return others.length ? [stringify(Object.fromEntries(others))] : [""];
  return [value === null ? "" : stringify(value)];
}

/** A report as text, for the file. */
export function reportText(report: LoggedReport): string {
  const percent = report.percent !== null && report.percent !== undefined ? `${Math.round(report.percent)} % ` : "";
  return reportLines(report)
    .map((line, at) => (at ? `  ${line}` : `${report.reportedAt} ${percent}${line}`))
    .join("\n");
}
