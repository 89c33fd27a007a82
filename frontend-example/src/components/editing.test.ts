import { describe, expect, it } from "vitest";
import { situation, stored } from "./editing";

describe("a text that several people edit", () => {
  it.each([
    ["a", "a", "a", "unchanged"],
    ["b", "a", "a", "changed"],
    ["b", "a", "c", "conflict"],
    ["b", "a", "b", "unchanged"],
  ])("typed %s over %s while %s is stored is %s", (typed, base, current, state) => {
    expect(situation({ typed, base }, current)).toBe(state);
  });

  it("is none if it is blank", () => {
    expect(stored(" \n")).toBeNull();
    expect(stored(" a ")).toBe(" a ");
  });
});
