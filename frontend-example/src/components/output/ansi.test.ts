import { describe, expect, it } from "vitest";
import { draw, PLAIN, styleName } from "./ansi";

const ESC = "\u001b";
const plain = (raw: string): string =>
  draw(raw, PLAIN)
    .segments.map(({ text }) => text)
    .join("");
const drawn = (raw: string): [string, string][] => draw(raw, PLAIN).segments.map(({ text, className }) => [text, className]);

describe("colours", () => {
  it.each([
    [`${ESC}[31mred${ESC}[0m rest`, [["red", "ansi-red-fg"], [" rest", ""]]],
    [`${ESC}[0;32mok${ESC}[0m`, [["ok", "ansi-green-fg"]]],
    [`${ESC}[1;4;94mx${ESC}[22my${ESC}[24mz`, [["x", "ansi-bright-blue-fg ansi-bold ansi-underline"], ["y", "ansi-bright-blue-fg ansi-underline"], ["z", "ansi-bright-blue-fg"]]],
    [`${ESC}[41;37mx${ESC}[49my`, [["x", "ansi-white-fg ansi-red-bg"], ["y", "ansi-white-fg"]]],
    [`${ESC}[7;31mx`, [["x", "ansi-red-bg ansi-swapped".replace(" ansi-swapped", "")]]],
    [`${ESC}[7mx`, [["x", "ansi-swapped"]]],
    [`${ESC}[38;5;9mx`, [["x", "ansi-bright-red-fg"]]],
    [`${ESC}[38;5;196mx`, [["x", "ansi-bright-red-fg"]]],
    [`${ESC}[38;5;240mx`, [["x", "ansi-bright-black-fg"]]],
    [`${ESC}[38;2;0;120;0mx`, [["x", "ansi-green-fg"]]],
    [`${ESC}[38:2::0:120:0mx`, [["x", "ansi-green-fg"]]],
    [`${ESC}[4:3mx${ESC}[4:0my`, [["x", "ansi-underline"], ["y", ""]]],
    [`\u009b31mx`, [["x", "ansi-red-fg"]]],
    [`${ESC}[>4;1mx`, [["x", ""]]],
  ])("%j", (raw, segments) => {
    expect(drawn(raw)).toEqual(segments);
  });

  it("go on in the next line until they are reset", () => {
    const { end } = draw(`${ESC}[33mfirst`, PLAIN);
    expect(styleName(end)).toBe("ansi-yellow-fg");
    expect(draw("second", end).segments).toEqual([{ text: "second", className: "ansi-yellow-fg" }]);
    expect(draw(`x${ESC}[m`, end).end).toEqual(PLAIN);
  });
});

describe("what a terminal does in a line", () => {
  it.each([
    ["10 %\r55 %\r100 %", "100 %"],
    ["abc\rX", "Xbc"],
    [`downloading 10 %\r${ESC}[Kdone`, "done"],
    [`abc${ESC}[2Kx`, "   x"],
    [`abcdef${ESC}[3D${ESC}[K`, "abc"],
    [`abcdef${ESC}[2GX`, "aXcdef"],
    [`abcdef${ESC}[1K!`, "      !"],
    ["ab\b\bX", "Xb"],
    ["\b\bX", "X"],
    [`a${ESC}[3Cb`, "a   b"],
    [`${ESC}[9999999Cb`.replace("9999999", "999999999"), " ".repeat(20_000) + "b"],
    [`${ESC}[?25lspinner${ESC}[?25h`, "spinner"],
    [`${ESC}(Bplain${ESC}=x${ESC}7y${ESC}8`, "plainxy"],
    [`${ESC}[1A${ESC}[2Jstays`, "stays"],
    [`bell\u0007`, "bell"],
  ])("%j is shown as %j", (raw, text) => {
    expect(plain(raw)).toBe(text);
  });

  it("keeps the colour of what is replaced apart", () => {
    expect(drawn(`${ESC}[31mabc\r${ESC}[32mX`)).toEqual([["X", "ansi-green-fg"], ["bc", "ansi-red-fg"]]);
  });
});

describe("what is no text", () => {
  it.each([
    [`${ESC}]8;;https://elsewhere.example/\u0007link${ESC}]8;;\u0007`, "link"],
    [`${ESC}]8;id=1;https://elsewhere.example/${ESC}\\link${ESC}]8;;${ESC}\\`, "link"],
    [`${ESC}]0;title\u0007x`, "x"],
    [`${ESC}]52;c;aGVsbG8=\u0007x`, "x"],
    [`${ESC}P1$r0m${ESC}\\x`, "x"],
    [`${ESC}_hidden${ESC}\\x`, "x"],
    ["\u009d0;title\u009cx", "x"],
  ])("%j leaves %j", (raw, text) => {
    expect(plain(raw)).toBe(text);
  });

  it("swallows nothing if it has no end", () => {
    expect(plain(`${ESC}]0;the rest of the log`)).toContain("the rest of the log");
    expect(plain(`x${ESC}[31`)).toContain("31");
    expect(plain(`x${ESC}`)).toBe("x⟨U+001B⟩");
  });

  it("is spelled out if it would hide or reorder text", () => {
    expect(plain("a\u202eb\u0000c\u200bd\u2066")).toBe("a⟨U+202E⟩b⟨U+0000⟩c⟨U+200B⟩d⟨U+2066⟩");
    expect(plain("<img src=x onerror=alert(1)>")).toBe("<img src=x onerror=alert(1)>");
  });
});

it("does not grow with the number of styles", () => {
  for (let at = 0; at < 10_000; at++) draw(`${ESC}[38;2;${at % 256};${(at >> 8) % 256};7mx`, PLAIN);
  expect(plain(`${ESC}[31mx`)).toBe("x");
});
