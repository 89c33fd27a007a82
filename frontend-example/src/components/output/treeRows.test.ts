import { describe, expect, it } from "vitest";
import { parse, type Json } from "../../api/json";
import { copyOf, findIn, idsAround, MOST_FOUND, pathId, pathText, preview, RANGE, rowsOf, valueAt, type Path } from "./treeRows";
import { afterKey } from "./useTree";

const open = (value: Json, ...paths: Path[]): ReturnType<typeof rowsOf> =>
  rowsOf(value, new Set(paths.flatMap((path) => [...idsAround(value, path), pathId(path)])));
const keys = (rows: ReturnType<typeof rowsOf>) => rows.map(({ key, range }) => range?.join("-") ?? key);

describe("the rows of a tree", () => {
  it("are those of open nodes", () => {
    const value: Json = { a: { b: [1, 2] }, c: "x" };
    expect(keys(open(value, []))).toEqual([null, "a", "c"]);
    expect(keys(open(value, [], ["a"], ["a", "b"]))).toEqual([null, "a", "b", 0, 1, "c"]);
    expect(open(value, []).map(({ canOpen, isOpen }) => [canOpen, isOpen])).toEqual([[true, true], [true, false], [false, false]]);
  });

  it("are few for a hundred thousand entries, and each entry can be reached", () => {
    const value: Json = Array.from({ length: 100_000 }, (_, at) => at);
    const closed = open(value, []);
    expect(closed.length).toBeLessThanOrEqual(RANGE + 1);
    expect(closed[1]?.range).toEqual([0, 9_999]);
    for (const at of [0, 99, 100, 9_999, 10_000, 12_345, 99_999]) {
      const rows = open(value, [at]);
      expect(rows.filter(({ key }) => key === at).map((row) => row.value), `${at}`).toEqual([at]);
      expect(rows.length).toBeLessThanOrEqual(3 * RANGE + 1);
    }
  });

  it.each([1, 99, 100, 101, 150, 9_999, 10_000, 10_001])("hold each of %i keys once if all is open", (count) => {
    const value: Json = Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, at]));
    const every = new Set<string>();
    // Ranges begin at multiples of their length, so these places lie in all of them.
    for (let at = 0; at < count; at += RANGE) for (const id of idsAround(value, [`k${at}`])) every.add(id);
    const rows = rowsOf(value, every);
    expect(rows.filter(({ range }) => !range).length).toBe(count + 1);
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
    expect(rows.every(({ position, siblings }) => position <= siblings)).toBe(true);
    expect(Math.max(...rows.map(({ siblings }) => siblings))).toBeLessThanOrEqual(RANGE);
  });

  it("hold keys that have a meaning in JavaScript", () => {
    const value = parse('{"__proto__": {"polluted": 1}, "constructor": 2, "toString": null, "": 3}') as Json;
    const rows = open(value, [], ["__proto__"]);
    expect(keys(rows)).toEqual([null, "__proto__", "polluted", "constructor", "toString", ""]);
    expect(valueAt(value, ["__proto__", "polluted"])).toBe(1);
    expect(valueAt({}, ["constructor"])).toBeNull();
  });
});

describe("values", () => {
  it.each([
    ["12345678901234567890", "12345678901234567890"],
    ["0.30000000000000000004", "0.30000000000000000004"],
    ["1e400", "1e400"],
    ['"12345678901234567890"', '"12345678901234567890"'],
    ['"\\ue000"', '"\ue000"'],
    ["-0", "0"],
    ["[]", "[]"],
    ["{}", "{}"],
    ["[1,2]", "[2]"],
    ["null", "null"],
    ['"<b>"', '"<b>"'],
  ])("%s is shown as %s", (text, shown) => {
    expect(preview(parse(text) as Json)).toBe(shown);
  });

  it("are copied as they came", () => {
    expect(copyOf(parse('{"n": 12345678901234567890}') as Json)).toBe('{\n  "n": 12345678901234567890\n}');
    expect(copyOf(parse("12345678901234567890") as Json)).toBe("12345678901234567890");
    expect(copyOf("a\nb")).toBe("a\nb");
  });

  it("of a long text are folded", () => {
    expect(preview("x".repeat(10_000)).length).toBeLessThan(200);
    expect(rowsOf(["x".repeat(10_000), "a\nb", "short"], new Set([pathId([])])).map(({ canOpen }) => canOpen)).toEqual([true, true, true, false]);
  });

  it("have a path", () => {
    expect(pathText([])).toBe("$");
    expect(pathText(["ports", 0, "rack-unit", 'a"b'])).toBe('$.ports[0]["rack-unit"]["a\\"b"]');
  });
});

describe("search", () => {
  it("finds keys and values from the top", () => {
    const value = parse('{"vlan": 10, "list": [{"name": "VLAN 10"}, 12345678901234567890, true], "x": "y"}') as Json;
    expect(findIn(value, "vlan").map(pathText)).toEqual(["$.vlan", "$.list[0].name"]);
    expect(findIn(value, "67890").map(pathText)).toEqual(["$.list[1]"]);
    expect(findIn(value, "TRUE").map(pathText)).toEqual(["$.list[2]"]);
    expect(findIn(value, "")).toEqual([]);
  });

  it("ends, and is not stopped by depth", () => {
    expect(findIn(Array<string>(5_000).fill("x"), "x").length).toBe(MOST_FOUND);
    let deep: Json = "x";
    for (let at = 0; at < 2_000; at++) deep = [deep];
    expect(findIn(deep, "x").length).toBe(1);
  });
});

describe("keys", () => {
  const rows = open({ a: { b: 1 }, c: 2 }, [], ["a"]);

  it.each([
    ["ArrowDown", 0, 1],
    ["ArrowUp", 0, 0],
    ["ArrowRight", 0, 1],
    ["ArrowRight", 2, 2],
    ["ArrowLeft", 2, 1],
    ["ArrowLeft", 1, "toggle"],
    ["End", 0, 3],
    ["Home", 3, 0],
    ["Enter", 1, "toggle"],
    ["x", 1, null],
  ] as const)("%s at row %i goes to %s", (key, at, next) => {
    expect(afterKey(key, rows, at)).toBe(next);
  });
});
