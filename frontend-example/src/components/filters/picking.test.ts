import { describe, expect, it } from "vitest";
import { meant, offered } from "./picking";

const isId = (text: string): boolean => /^\d{8}$/.test(text);

describe("a filter of things with an id", () => {
  it("tells things apart that people call alike", () => {
    const things = [
      { id: "00000001", words: "Port" },
      { id: "00000002", words: "Port" },
      { id: "00000003", words: "Node" },
    ];
    expect(offered(things).map(({ words }) => words)).toEqual(["Port · …000001", "Port · …000002", "Node"]);
  });

  it.each([
    ["Node", "00000003"],
    [" Node ", "00000003"],
    ["00000009", "00000009"],
    ["No", null],
    ["  ", ""],
  ])("takes %j as %j", (text, id) => {
    expect(meant(text, [{ id: "00000003", words: "Node" }], isId)).toBe(id);
  });
});
