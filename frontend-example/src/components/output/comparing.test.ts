import { describe, expect, it } from "vitest";
import { isEqual, isObject, parse, type Json } from "../../api/json";
import { changesOf, grouped, keysOfPath, serverChanges, type Change } from "./comparing";
import { textDiff } from "./textDiff";
import type { Key, Path } from "./treeRows";

/** A generator of numbers from 0 to 1 that always gives the same ones. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

const LEAVES: readonly Json[] = [null, true, 0, 1, "", "x", "\uE00012345678901234567890", [], {}];
const NAMES = ["a", "b", "__proto__", "constructor", "0"];

function made(next: () => number, depth: number): Json {
  const choice = next();
  if (depth === 0 || choice < 0.3) return LEAVES[Math.floor(next() * LEAVES.length)] ?? null;
  const count = Math.floor(next() * 5);
  if (choice < 0.65) return Array.from({ length: count }, () => made(next, depth - 1));
  return Object.fromEntries(Array.from({ length: count }, () => [NAMES[Math.floor(next() * NAMES.length)], made(next, depth - 1)]));
}

/** A value with a few places that differ. */
function altered(value: Json, next: () => number): Json {
  if (next() < 0.15) return made(next, 2);
  if (Array.isArray(value)) {
    const list = value.map((part) => (next() < 0.3 ? altered(part, next) : part));
    if (next() < 0.3) list.splice(Math.floor(next() * (list.length + 1)), next() < 0.5 ? 1 : 0, ...(next() < 0.5 ? [made(next, 1)] : []));
    return list;
  }
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value as { [key: string]: Json }).map(([key, part]) => [key, next() < 0.3 ? altered(part, next) : part]));
}

const isBelow = (path: Path, place: Path): boolean => path.length > place.length && place.every((key, at) => key === path[at]);

/** The new value, from the old one and the changes. */
function applied(before: Json, changes: readonly Change[], place: Path = []): Json {
  const here = changes.find(({ path }) => path.length === place.length && place.every((key, at) => key === path[at]));
  if (here) return here.after ?? null;
  if (!changes.some(({ path }) => isBelow(path, place))) return before;
  const own = changes.filter(({ path }) => isBelow(path, place) && path.length === place.length + 1);
  const keys = (kind: Change["kind"]): Map<Key, Change> =>
    new Map(own.filter((change) => change.kind === kind).map((change) => [change.path.at(-1) as Key, change]));
  const [removed, added] = [keys("removed"), keys("added")];
  const others = changes.filter(({ kind, path }) => kind === "changed" || path.length > place.length + 1);
  if (Array.isArray(before)) {
    const list = before.filter((_, at) => !removed.has(at));
    for (const at of [...added.keys()].map(Number).sort((a, b) => a - b)) list.splice(at, 0, added.get(at)?.after ?? null);
    return list.map((part, at) => (added.has(at) ? part : applied(part, others, [...place, at])));
  }
  const entries = Object.entries(before as { [key: string]: Json }).filter(([key]) => !removed.has(key));
  return Object.fromEntries([
    ...entries.map(([key, part]) => [key, applied(part, others, [...place, key])] as const),
    ...[...added].map(([key, { after }]) => [key, after ?? null] as const),
  ]);
}

describe("changes", () => {
  it("lead from the old value to the new one", () => {
    for (let seed = 1; seed <= 2_000; seed++) {
      const next = random(seed);
      const before = made(next, 4);
      const after = next() < 0.2 ? made(next, 4) : altered(before, next);
      const changes = changesOf(before, after);
      expect(isEqual(applied(before, changes), after), `seed ${seed}: ${JSON.stringify({ before, after, changes })}`).toBe(true);
      if (isEqual(before, after)) expect(changes).toEqual([]);
      else expect(changes.length).toBeGreaterThan(0);
    }
  });

  it("name the place and both values", () => {
    expect(changesOf({ a: 1, b: { c: [1, 2] }, gone: null }, { a: 2, b: { c: [1, 2, 3] }, fresh: {} })).toEqual([
      { path: ["a"], kind: "changed", before: 1, after: 2 },
      { path: ["b", "c", 2], kind: "added", after: 3 },
      { path: ["gone"], kind: "removed", before: null },
      { path: ["fresh"], kind: "added", after: {} },
    ]);
  });

  it("find what was put into a list, instead of calling every later element changed", () => {
    expect(changesOf([1, 2, 3], [0, 1, 2, 3])).toEqual([{ path: [0], kind: "added", after: 0 }]);
    expect(changesOf([{ a: 1 }, { b: 1 }], [{ b: 1 }])).toEqual([{ path: [0], kind: "removed", before: { a: 1 } }]);
  });

  it("tell long numbers apart", () => {
    const [one, other] = [parse("9007199254740993"), parse("9007199254740992")] as [Json, Json];
    expect(changesOf(one, other).length).toBe(1);
    expect(changesOf(one, one)).toEqual([]);
  });

  it("of long lists are found in a moment", () => {
    const list = Array.from({ length: 50_000 }, (_, at) => at);
    expect(changesOf(list, [...list, 1]).length).toBe(1);
  });

  it("are grouped by their first key", () => {
    const groups = grouped(changesOf({ a: { x: 1, y: 1 }, b: 1 }, { a: { x: 2, y: 2 }, b: 2 }));
    expect(groups.map(({ key, changes }) => [key, changes.length])).toEqual([["a", 2], ["b", 1]]);
  });
});

describe("the changes of the server", () => {
  it("are read with the number of those that are left out", () => {
    const list: Json = [
      { path: "port.vlan", change: "removed", old: 10, new: null },
      { path: "labels['rack-unit']", change: "added", old: null, new: "U1" },
      { path: "note", change: "changed", old: "a", new: "b" },
      { change: "omitted", count: 7 },
      { change: "something new" },
      "no change",
    ];
    expect(serverChanges(list)).toEqual({
      changes: [
        { path: ["port", "vlan"], kind: "removed", before: 10 },
        { path: ["labels", "rack-unit"], kind: "added", after: "U1" },
        { path: ["note"], kind: "changed", before: "a", after: "b" },
      ],
      omitted: 7,
    });
    expect(serverChanges(null)).toEqual({ changes: [], omitted: 0 });
  });

  it.each([
    ["virtual_circuit.saps[0].vlan", ["virtual_circuit", "saps", 0, "vlan"]],
    ["labels['rack-unit'][12]", ["labels", "rack-unit", 12]],
    [`a["it's"]['say "x"']`, ["a", "it's", 'say "x"']],
    ["a['\\\\\\'\\n\\x41\\u2192']", ["a", "\\'\nA→"]],
    ["a['b.c[0]']", ["a", "b.c[0]"]],
  ])("have the path %s", (path, keys) => {
    expect(keysOfPath(path)).toEqual(keys);
  });
});

describe("the difference of two texts", () => {
  it("has the lines around each change", () => {
    const lines = Array.from({ length: 20 }, (_, at) => `line ${at}`);
    const now = lines.map((line, at) => (at === 10 ? "other" : line));
    expect(textDiff(lines.join("\n"), now.join("\n"))).toBe(
      "@@ 8 equal lines @@\n line 8\n line 9\n-line 10\n+other\n line 11\n line 12",
    );
  });

  it("leads from one text to the other", () => {
    for (let seed = 1; seed <= 200; seed++) {
      const next = random(seed);
      const text = (): string => Array.from({ length: Math.floor(next() * 4) }, () => "abc"[Math.floor(next() * 3)]).join("\n");
      const [before, after] = [text(), text()];
      const lines = (textDiff(before, after) ?? "").split("\n");
      if (before === after || lines.some((line) => line.startsWith("@@"))) continue;
      expect(lines.filter((line) => !line.startsWith("+")).map((line) => line.slice(1)).join("\n"), `seed ${seed}`).toBe(before);
      expect(lines.filter((line) => !line.startsWith("-")).map((line) => line.slice(1)).join("\n"), `seed ${seed}`).toBe(after);
    }
  });
});
