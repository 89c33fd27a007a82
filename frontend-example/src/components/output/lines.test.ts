import { describe, expect, it } from "vitest";
import { LogText } from "./lines";
import { find, MOST_MATCHES, NOTHING } from "./search";
import { textOf } from "./selection";

const shown = (log: LogText): string[] => log.lines.map(({ plain }) => plain);

/** A generator of numbers from 0 to 1 that always gives the same ones. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

describe("lines", () => {
  it.each([
    ["a\nb\n", ["a", "b"]],
    ["a\r\nb", ["a", "b"]],
    ["\n\na", ["", "", "a"]],
    ["", [""]],
    ["\n", [""]],
    ["a\u2028b", ["a⟨U+2028⟩b"]],
  ])("of %j are %j", (text, lines) => {
    expect(shown(LogText.of(text))).toEqual(lines);
  });

  it("are the same, however the text arrives", () => {
    const pieces = ["a\n", "\u001b[3", "1mred", "\nstill red", "\u001b[0m", "\r", "\n", "\n", "x\ry", "@@ -1 +1 @@\n-old\n+new\n", "- item\n", "z".repeat(5_000)];
    for (let seed = 1; seed <= 200; seed++) {
      const next = random(seed);
      let text = "";
      let log = LogText.of("");
      for (let at = 0; at < 12; at++) {
        text += pieces[Math.floor(next() * pieces.length)] ?? "";
        log = log.replacedBy(text);
      }
      const whole = LogText.of(text);
      const facts = (some: LogText) => some.lines.map(({ segments, number, isRest, diff }) => ({ segments, number, isRest, diff }));
      expect(facts(log), `seed ${seed}`).toEqual(facts(whole));
    }
  });

  it("that were complete are the same objects after more text", () => {
    const before = LogText.of("one\ntwo\nthr");
    const after = before.replacedBy("one\ntwo\nthree\nfour");
    expect(after.lines[0]).toBe(before.lines[0]);
    expect(after.lines[1]).toBe(before.lines[1]);
    expect(after.lines[2]).not.toBe(before.lines[2]);
    expect(shown(before)).toEqual(["one", "two", "thr"]);
    expect(shown(after)).toEqual(["one", "two", "three", "four"]);
  });

  it("that are too long for a row are cut without loss, and copied without a line break", () => {
    const text = `start\n${"x".repeat(3_999)}😀${"y".repeat(9_000)}\nend`;
    const log = LogText.of(text);
    expect(log.lines.length).toBeGreaterThan(4);
    expect(log.lines.every(({ plain }) => plain.length <= 4_001)).toBe(true);
    const last = log.lines.length - 1;
    expect(textOf(log.lines, { from: { row: 0, character: 0 }, to: { row: last, character: 3 } })).toBe(text);
    expect(log.lines.map(({ number }) => number).at(-1)).toBe(3);
  });

  it("are many without being drawn", () => {
    const text = Array.from({ length: 100_000 }, (_, at) => `\u001b[0;32mok: [ams-${at}]\u001b[0m`).join("\n");
    const begin = performance.now();
    const log = LogText.of(text);
    expect(log.lines.length).toBe(100_000);
    expect(log.lines[99_999]?.plain).toBe("ok: [ams-99999]");
    expect(log.lines[99_999]?.width).toBe(15);
    // A limit for a slow machine; drawing all lines takes many times as long as this.
    expect(performance.now() - begin).toBeLessThan(5_000);
  });
});

describe("a diff", () => {
  const kinds = (text: string, isDiff = false): string[] => LogText.of(text, isDiff).lines.map(({ diff }) => diff);

  it("is coloured between its head and its end", () => {
    expect(kinds("--- before\n+++ after: /etc/x\n@@ -1,3 +1,2 @@\n same\n-old\n-old\n+new\n- item of a list\n+ another")).toEqual([
      "head", "head", "head", "", "removed", "removed", "added", "", "",
    ]);
  });

  it("is no list of YAML and no options of a program", () => {
    expect(kinds("- name: x\n- name: y\n--help\n+1\n---")).toEqual(["", "", "", "", ""]);
  });

  it("knows lines that look like heads by their number", () => {
    expect(kinds("@@ -1,1 +1,1 @@\n--- text\n+++ text\n")).toEqual(["head", "removed", "added"]);
  });

  it("goes on behind empty lines that lost their space", () => {
    expect(kinds("@@ -1,2 +1,2 @@\n\n-a\n+b\nafter")).toEqual(["head", "", "removed", "added", ""]);
  });

  it("may be all of a text", () => {
    expect(kinds("-vlan 10\n+vlan 20\n@@ 3 equal lines @@\n same", true)).toEqual(["removed", "added", "head", ""]);
  });

  it("is known in coloured lines", () => {
    expect(kinds("\u001b[36m@@ -1 +1 @@\u001b[0m\n\u001b[31m-a\u001b[0m\n\u001b[32m+b\u001b[0m")).toEqual(["head", "removed", "added"]);
  });
});

describe("search", () => {
  const rows = LogText.of("Error one\nfine\nan error, an ERROR\n\u001b[31mer\u001b[0mror").lines;

  it("finds each place, in upper or lower case, across colours", () => {
    expect(find(rows, "error").matches).toEqual([
      { row: 0, from: 0, to: 5 },
      { row: 2, from: 3, to: 8 },
      { row: 2, from: 13, to: 18 },
      { row: 3, from: 0, to: 5 },
    ]);
  });

  it("takes the query as it is typed", () => {
    const lines = LogText.of("a.b\naxb\n[1] (x)? \\d $^").lines;
    expect(find(lines, "a.b").matches.length).toBe(1);
    expect(find(lines, "[1] (x)? \\d $^").matches.length).toBe(1);
  });

  it("searches only what is new", () => {
    const before = LogText.of("x 1\nx 2\nx");
    const first = find(before.lines, "x");
    let drawn = 0;
    const watched = before.replacedBy("x 1\nx 2\nx 3\nx 4").lines.map((line, at) =>
      at < 2 ? line : { ...line, get plain() { drawn++; return line.plain; } },
    );
    const after = find(watched, "x", first);
    expect(after.matches.map(({ row }) => row)).toEqual([0, 1, 2, 3]);
    expect(drawn).toBe(2);
  });

  it("ends at many places and says so", () => {
    const many = find([{ plain: "x".repeat(MOST_MATCHES + 5) }], "x");
    expect([many.matches.length, many.hasMore]).toEqual([MOST_MATCHES, true]);
    expect(find([{ plain: "x" }], "", many)).toBe(NOTHING);
  });
});
