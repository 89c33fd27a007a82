import { describe, expect, it } from "vitest";
import { readable, visible } from "./visible";

describe("what hides in a text", () => {
  it("is spelled out", () => {
    expect(visible("\u202egnp.exe")).toBe("⟨U+202E⟩gnp.exe");
    expect(visible("a\u200bb\u0007")).toBe("a⟨U+200B⟩b⟨U+0007⟩");
  });

  it("is not what writing needs: joiners of emoji and scripts, lines and tabs", () => {
    const text = "👩‍👧 نمی‌شود\tone\ntwo";
    expect(visible(text)).toBe(text);
  });

  it("is no end of a line", () => {
    expect(readable("one\r\ntwo\rthree\n")).toBe("one\ntwo\nthree\n");
  });
});
