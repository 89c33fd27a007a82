import { describe, expect, it } from "vitest";
import type { Json } from "../../api/json";
import type { LoggedReport, LogPage } from "../../operations/output";
import { lastPercent, MOST_LINES, NO_ROWS, oldestCursor, reportLines, reportText, startedWith, trimmed, withNewer, withOlder } from "./progressRows";

const cursorOf = (number: number): string => `c${String(number).padStart(6, "0")}`;

function report(number: number, lines = 1): LoggedReport {
  const texts = Array.from({ length: lines }, (_, at) => `report ${number} line ${at}`);
  return { cursor: cursorOf(number), percent: null, message: texts.at(-1) ?? null, data: { progress: texts }, reportedAt: "2026-01-01T00:00:00Z" };
}

/** What the server answers: the reports from one to another, of all those that came. */
function page(from: number, to: number, total: number, lines = 1): LogPage {
  const reports = Array.from({ length: to - from }, (_, at) => report(from + at, lines));
  return { reports, totalCount: total, hasOlder: from > 0, hasNewer: to < total };
}

const plain = (log: typeof NO_ROWS): string[] => log.rows.map((row) => row.plain);

describe("a progress log", () => {
  it("starts with the newest reports, and keeps its rows when later ones come", () => {
    const first = startedWith(page(20, 30, 30), NO_ROWS);
    const second = withNewer(first, page(30, 33, 33), true);
    expect(second.rows.length).toBe(13);
    expect(second.rows.slice(0, 10).every((row, at) => row === first.rows[at])).toBe(true);
    expect([second.firstKey, second.totalCount, second.hasOlder]).toEqual([0, 33, true]);
  });

  it("keeps its last thousand lines while the end is followed, and all while it is not", () => {
    const first = startedWith(page(0, 100, 100, 10), NO_ROWS);
    const followed = withNewer(first, page(100, 130, 130, 10), true);
    expect([followed.rows.length, followed.firstKey, followed.hasOlder]).toEqual([MOST_LINES, 300, true]);
    expect(plain(followed)[0]).toBe("report 30 line 0");
    const paused = withNewer(first, page(100, 130, 130, 10), false);
    expect([paused.rows.length, paused.firstKey]).toEqual([1_300, 0]);
    expect(plain(trimmed(paused))).toEqual(plain(followed));
  });

  it("gives every row the same key, whatever comes before or goes", () => {
    let log = startedWith(page(200, 300, 300, 7), NO_ROWS);
    const keys = new Map<string, number>();
    const look = (): void =>
      log.rows.forEach((row, at) => {
        const known = keys.get(row.plain);
        if (known !== undefined) expect(log.firstKey + at, row.plain).toBe(known);
        keys.set(row.plain, log.firstKey + at);
      });
    look();
    log = withNewer(log, page(300, 350, 350, 7), true);
    look();
    log = withNewer(log, page(350, 383, 383, 7), true);
    look();
    const before = Number(oldestCursor(log)?.slice(1));
    log = withOlder(log, page(before - 100, before, 383, 7));
    look();
    log = trimmed(withNewer(log, page(383, 400, 400, 7), false));
    look();
    expect(log.rows.length).toBe(MOST_LINES);
  });

  it("reads a report again of which some lines had to go", () => {
    const log = trimmed(startedWith(page(0, 4, 4, 300), NO_ROWS));
    expect([log.rows.length, plain(log)[0], oldestCursor(log)]).toEqual([MOST_LINES, "report 0 line 200", cursorOf(1)]);
    const whole = withOlder(log, page(0, 1, 4, 300));
    expect([whole.rows.length, plain(whole)[0], whole.firstKey, whole.hasOlder]).toEqual([1_200, "report 0 line 0", 0, false]);
  });

  it("stays as it is if everything is read anew and nothing is new", () => {
    const first = withNewer(startedWith(page(0, 100, 100), NO_ROWS), page(100, 150, 150), true);
    expect(startedWith(page(50, 150, 150), first).rows).toBe(first.rows);
    expect(startedWith(page(51, 151, 151), first).rows.length).toBe(100);
  });

  it("takes no report twice", () => {
    const first = startedWith(page(0, 3, 3), NO_ROWS);
    expect(plain(withNewer(first, page(2, 4, 4), true)).length).toBe(4);
  });

  it("shows only new lines of a service that always sends all", () => {
    const grown = (count: number): LoggedReport => ({ ...report(count), data: { progress: ["a", "b", "c", "d"].slice(0, count) } });
    const log = startedWith({ ...page(0, 0, 3), reports: [grown(2), grown(3)] }, NO_ROWS);
    expect(plain(withNewer(log, { ...page(0, 0, 3), reports: [grown(4)] }, true))).toEqual(["a", "b", "c", "d"]);
  });

  it("has no percentage if none was reported: that is not 0 %", () => {
    const log = startedWith(page(0, 3, 3), NO_ROWS);
    expect(lastPercent(log)).toBeNull();
    const zero = { ...report(3), percent: 0 };
    expect(lastPercent(withNewer(log, { ...page(3, 4, 4), reports: [zero, report(4)] }, true))).toBe(0);
  });
});

describe("what a report says", () => {
  it.each<[string | null, Json, string[]]>([
    ["b", { progress: ["a", "b"] }, ["a", "b"]],
    ["one\ntwo", { message: "one\ntwo", percent: 3 }, ["one", "two"]],
    ["b", { progress: ["b"], cut: 12 }, ["… 12 earlier lines of this report were not kept", "b"]],
    ["text", null, ["text"]],
    [null, { percent: 5, phase: "x" }, ['{"phase":"x"}']],
    [null, { percent: 5 }, [""]],
    [null, [1, 2], ["[1,2]"]],
    ["lines", { progress: "lines" }, ["lines"]],
  ])("message %j with data %j", (message, data, lines) => {
    expect(reportLines({ message, data })).toEqual(lines);
  });

  it("has its time and its percentage in the file", () => {
    expect(reportText({ ...report(1, 2), percent: 33.3 })).toBe("2026-01-01T00:00:00Z 33 % report 1 line 0\n  report 1 line 1");
  });
});
