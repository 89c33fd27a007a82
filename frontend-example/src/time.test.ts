import { describe, expect, it } from "vitest";
import { duration, moment, relative } from "./time";

const NOW = Date.parse("2026-03-05T12:00:00Z");

describe("times", () => {
  it.each([
    [1.42, "1.4 s"],
    [0, "0 s"],
    [0.001, "< 0.1 s"],
    [0.049, "< 0.1 s"],
    [0.05, "0.1 s"],
    [40, "40 s"],
    [192, "3 min 12 s"],
    [7_500, "2 h 5 min"],
    [273_600, "3 d 4 h"],
    [-3, "0 s"],
  ])("says %s seconds as %s", (seconds, words) => {
    expect(duration(seconds)).toBe(words);
  });

  it.each([
    ["2026-03-05T11:59:57Z", "just now"],
    ["2026-03-05T11:54:30Z", "5 min ago"],
    ["2026-03-05T15:20:00Z", "in 3 h"],
    ["2026-03-05T15:50:00Z", "in 4 h"],
    ["2026-03-05T12:59:50Z", "in 1 h"],
    ["2026-03-06T11:50:00Z", "in 1 d"],
    ["2026-03-05T10:05:00Z", "1 h ago"],
  ])("says %s as %s", (at, words) => {
    expect(relative(at, NOW)).toBe(words);
  });

  it("shows the date only of another day", () => {
    expect(moment("2026-03-05T01:02:03Z", "UTC", NOW)).not.toContain("2026");
    expect(moment("2026-03-04T01:02:03Z", "UTC", NOW)).toContain("2026");
    expect(moment("no time", "UTC", NOW)).toBe("no time");
    expect(moment("2026-03-05T01:02:03Z", "UTC", NOW)).toMatch(/02:03.* UTC$/);
    expect(moment("2026-03-05T01:02:03Z", "local", NOW)).not.toContain("UTC");
  });
});
