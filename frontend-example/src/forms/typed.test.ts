import { describe, expect, it } from "vitest";
import { numberValue, stringify, type Json } from "../api/json";
import { readDecimal, readJson, readNumber, textOf, textValue, withEndsOf, writeJson } from "./typed";

const json = (reading: object): string => stringify("value" in reading ? reading.value : null);

describe("typed numbers", () => {
  it.each([
    ["12345678901234567890", true, "12345678901234567890"],
    ["+7", true, "7"],
    ["-007", true, "-7"],
    ["-0", true, "0"],
    [" 12 ", true, "12"],
    ["0.1", false, "0.1"],
    [".5", false, "0.5"],
    ["1.", false, "1"],
    ["1.e5", false, "100000"],
    ["-.5e-3", false, "-0.0005"],
    ["3.14159265358979323846", false, "3.14159265358979323846"],
    ["1e400", false, "1e400"],
  ])("%s is sent with all its digits", (text, isWhole, sent) => {
    expect(json(readNumber(text, isWhole))).toBe(sent);
  });

  it.each([["1.5", true], ["eleven", true], ["1e3", true], ["", true], ["-", true], ["0x10", false], ["1,5", false], ["Infinity", false], ["NaN", false], ["1 2", false]])(
    "%s is no number (whole: %s)",
    (text, isWhole) => {
      expect(readNumber(text, isWhole)).toHaveProperty("problem");
    },
  );

  it("keeps the zeros of a decimal", () => {
    expect(readDecimal(" 1.10 ")).toEqual({ value: "1.10" });
    expect(readDecimal("one")).toHaveProperty("problem");
  });

  it("shows a long number as its digits, and a text that looks like its mark as that text", () => {
    expect(textOf(numberValue("12345678901234567890"))).toBe("12345678901234567890");
    expect(textOf("\uE000\uE0001")).toBe("\uE0001");
    expect(stringify(textValue("\uE0001"))).toBe('"\uE0001"');
    expect(textValue("\uE000\uE0001")).toBe("\uE000\uE000\uE0001");
  });
});

describe("typed JSON", () => {
  it("keeps long numbers", () => {
    const text = '{\n  "a": 12345678901234567890\n}';
    const { value } = readJson(text) as { value: Json };
    expect(writeJson(value)).toBe(text);
  });

  it("says what is no JSON", () => {
    expect(readJson("{a: 1}")).toHaveProperty("problem");
  });
});

describe("line ends", () => {
  it.each([
    ["a\r\nb\r\n", "a\nb\n", "a\r\nb\r\n"],
    ["a\r\nb\r\n", "a\nnew\nb\n", "a\r\nnew\r\nb\r\n"],
    ["a\r\nb", "a\nb\nc", "a\r\nb\r\nc"],
    ["a\nb", "a\nc", "a\nc"],
    ["mixed\r\nand\nplain\rold", "mixed\nand\nplain!\nold", "mixed\r\nand\nplain!\rold"],
    ["one\r\ntwo\nthree", "two\nthree", "two\nthree"],
    ["a\rb\rc", "a\nb\nnew\nc", "a\rb\rnew\rc"],
    ["no lines", "no\nlines", "no\nlines"],
    ["a\r\n", "", ""],
  ])("of %j stay when it becomes %j", (before, typed, after) => {
    expect(withEndsOf(before, typed)).toBe(after);
  });
});
