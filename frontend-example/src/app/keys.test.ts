// @vitest-environment jsdom
import { afterEach, describe, expect, it } from "vitest";
import { isTaken, KeyReader, SHORTCUTS } from "./keys";

describe("keys", () => {
  it.each(SHORTCUTS.map(({ keys, command }) => [keys, command]))("%s: %s", (keys, command) => {
    const reader = new KeyReader();
    expect(keys.split(" ").map((key, at) => reader.read(key, at))).toEqual([...(keys.includes(" ") ? [null] : []), command]);
  });

  it("are no pair if much time lies between them", () => {
    const reader = new KeyReader();
    expect([reader.read("g", 0), reader.read("h", 2_000)]).toEqual([null, null]);
  });

  it("are no pair if another key lies between them", () => {
    const reader = new KeyReader();
    expect([reader.read("g", 0), reader.read("x", 1), reader.read("h", 2)]).toEqual([null, null, null]);
  });

  it("do what they do alone if they complete no pair", () => {
    const reader = new KeyReader();
    expect([reader.read("g", 0), reader.read("n", 1)]).toEqual([null, "start"]);
  });
});

describe("a key belongs to somebody else", () => {
  afterEach(() => document.body.replaceChildren());

  const pressed = (selector: string, init: KeyboardEventInit = {}): KeyboardEvent => {
    const event = new KeyboardEvent("keydown", { key: "n", bubbles: true, ...init });
    document.querySelector(selector)?.dispatchEvent(event);
    return event;
  };

  it.each(["<input>", "<textarea></textarea>", "<select></select>", "<p contenteditable></p>", "<p role=combobox></p>"])(
    "while a person types in %s",
    (markup) => {
      document.body.innerHTML = markup;
      expect(isTaken(pressed("body > *"))).toBe(true);
    },
  );

  it("while a dialog or a menu is open", () => {
    document.body.innerHTML = "<button></button><div role=dialog></div>";
    expect(isTaken(pressed("button"))).toBe(true);
  });

  it("with a key of the browser held", () => {
    document.body.innerHTML = "<button></button>";
    expect(isTaken(pressed("button", { ctrlKey: true }))).toBe(true);
  });

  it("and else to the page", () => {
    document.body.innerHTML = "<button></button>";
    expect(isTaken(pressed("button"))).toBe(false);
  });
});
