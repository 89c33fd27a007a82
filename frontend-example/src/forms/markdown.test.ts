import { expect, it } from "vitest";
import { blocksOf, safeAddress, spansOf } from "./markdown";
import { looksLike, noteOn, readSeconds, writeSeconds } from "./moments";

it("markdown becomes blocks", () => {
  expect(blocksOf("# Title\n\nA *word*\nof **two**\n- one\n- `two`\n1. first\n---\n> quoted\n```\n<b>\n```").map(({ type }) => type)).toEqual([
    "heading", "paragraph", "list", "list", "rule", "quote", "code",
  ]);
  expect(blocksOf("* a\n* b")).toEqual([{ type: "list", isOrdered: false, items: [[{ type: "text", text: "a" }], [{ type: "text", text: "b" }]] }]);
});

it("HTML stays text, and only safe addresses become links", () => {
  expect(spansOf("<img src=x onerror=alert(1)>")).toEqual([{ type: "text", text: "<img src=x onerror=alert(1)>" }]);
  expect(spansOf("[x](javascript:alert)")).toEqual([{ type: "text", text: "[x](javascript:alert)" }]);
  expect(spansOf("[x](https://example.org)")).toEqual([{ type: "link", text: "x", address: "https://example.org" }]);
  expect(safeAddress(" JavaScript:alert(1)")).toBeUndefined();
});

it("a fence without an end, and a list of a rule's marks, end", () => {
  expect(blocksOf("```\nopen")).toEqual([{ type: "code", text: "open" }]);
  expect(blocksOf("- a\n---\n- b").map(({ type }) => type)).toEqual(["list", "rule", "list"]);
});

it("a moment says its zone", () => {
  expect(noteOn("date-time", "2026-10-25T02:30:00")).toBe("Without a zone.");
  expect(noteOn("date-time", "2026-10-25T02:30:00+01:00")).toContain("local time; zone +01:00.");
  expect(noteOn("time", "02:30:00Z")).toBe("Zone UTC.");
  expect(noteOn("date-time", "soon")).toBe("");
  expect(looksLike("duration", "PT1.5S")).toBe(true);
  expect(["P1DT2H30M", "PT1.5S", "P1M", "PT1M", "-PT2H", "2 h"].map((text) => noteOn("duration", text))).toEqual([
    ...["1 day 2 hours 30 minutes", "1.5 seconds", "1 month", "1 minute", "minus 2 hours", ""],
  ]);
  expect(looksLike("date", "router-7")).toBe(false);
});

it("seconds are read and written as a moment", () => {
  expect(writeSeconds(1767323045)).toBe("2026-01-02T03:04:05Z");
  expect(readSeconds("2026-01-02T03:04:05Z")).toEqual({ value: 1767323045 });
  expect(readSeconds("1767323045")).toEqual({ value: 1767323045 });
  expect(readSeconds("soon")).toHaveProperty("problem");
});
