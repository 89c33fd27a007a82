// @vitest-environment jsdom
import { beforeEach, describe, expect, it } from "vitest";
import { moveFocus } from "./moveFocus";

/** Press the key while the element has the focus; the id of what has it then, and whether the page does not scroll. */
function pressed(key: string, selector: string): [focus: string, isHeld: boolean] {
  const target = document.querySelector<HTMLElement>(selector)!;
  target.focus();
  let isHeld = false;
  const currentTarget = document.querySelector("table")!;
  moveFocus({ key, target, currentTarget, preventDefault: () => void (isHeld = true) });
  return [document.activeElement?.id ?? "", isHeld];
}

beforeEach(() => {
  const rows = ["a", "b", "c"].map(
    (id) => `<tr><td><a class="subject" href="/${id}" id="${id}">${id}</a><button id="why-${id}">Why</button></td></tr>`,
  );
  document.body.innerHTML = `<table><thead><tr><th><button id="sort">Sort</button></th></tr></thead><tbody>${rows.join("")}</tbody></table>`;
});

describe("the arrows in the list of processes", () => {
  it.each([
    ["ArrowDown", "#a", "b"],
    ["ArrowUp", "#c", "b"],
    // From any control of the row.
    ["ArrowDown", "#why-b", "c"],
    ["ArrowUp", "#why-b", "a"],
  ])("%s leads from %s to %s", (key, from, to) => {
    expect(pressed(key, from)).toEqual([to, true]);
  });

  it("leave the way up from the first row to the page", () => {
    expect(pressed("ArrowUp", "#a")).toEqual(["a", false]);
  });

  it("hold the page at the last row that is drawn: the next one is drawn soon", () => {
    expect(pressed("ArrowDown", "#c")).toEqual(["c", true]);
  });

  it.each([
    ["ArrowDown", "#sort", "sort"],
    ["Enter", "#a", "a"],
    ["PageDown", "#a", "a"],
  ])("leave %s at %s alone", (key, from, focus) => {
    expect(pressed(key, from)).toEqual([focus, false]);
  });
});
