import { describe, expect, it } from "vitest";
import { exactNumber, isEqual, isExact, numberValue, parse, plainText, stringify } from "./json";

const SAME = [
  '{"a":1}',
  "9007199254740993",
  "-9007199254740993",
  "123456789012345678901234567890",
  "0.1",
  "3.141592653589793",
  "3.14159265358979323846",
  '{"a":[12345678901234567890,"12345678901234567890",{"b":"x"}]}',
  '"\\" 12345678901234567890 \\\\"',
  '"\uE000123"',
  '"\uE000\uE000"',
  '{"\uE000key":12345678901234567890}',
];

describe("JSON without loss", () => {
  it.each(SAME)("returns %s as it came", (text) => {
    expect(stringify(parse(text))).toBe(text);
  });

  it("reads a text that begins with an escaped mark as that text", () => {
    expect(plainText(parse('"\\ue0001"') as string)).toBe("\uE0001");
    expect(JSON.parse(stringify(parse('"\\ue0001"')))).toBe("\uE0001");
  });

  it.each([
    ["1.0", true],
    ["1e2", true],
    ["1e-7", true],
    ["0.30000000000000004", true],
    ["0.300000000000000044", false],
    ["1e400", false],
    ["-0", true],
    ["9007199254740991", true],
    ["9007199254740992", false],
  ])("knows whether %s is exact: %s", (token, exact) => {
    expect(isExact(token)).toBe(exact);
  });

  it.each(["[1.0,1,-0.0,1e-07,0.1]", '{"a":1.50}', "1E+3", "[]"])("keeps the spelling of %s in a form", (text) => {
    expect(stringify(parse(text, true))).toBe(text);
  });

  it("shows a long number as its digits", () => {
    expect(exactNumber(parse("12345678901234567890"))).toBe("12345678901234567890");
    expect(exactNumber("12")).toBeNull();
    expect(stringify({ n: numberValue("12345678901234567890") })).toBe('{"n":12345678901234567890}');
  });

  it.each(["x", "\\n", '\\"', "\\\\", "1"])("reads a text of ten million characters %s", (character) => {
    const text = `{"long":12345678901234567890,"text":"${character.repeat(10_000_000 / character.length)}"}`;
    expect(stringify(parse(text)).length).toBe(text.length);
  });

  it("compares by content", () => {
    expect(isEqual({ a: [1, { b: null }] }, { a: [1, { b: null }] })).toBe(true);
    expect(isEqual({ a: undefined }, { b: undefined })).toBe(false);
    expect(isEqual([], {})).toBe(false);
  });
});
