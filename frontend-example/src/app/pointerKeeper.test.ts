// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { keepUnderPointer } from "./pointerKeeper";

let stop: () => void;
let resize: () => void;
/** Where each element is on the page. */
let tops: Record<string, number>;
let room: number;

function element(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (!found) throw new Error(id);
  return found;
}

function point(id: string, pointerType = "mouse"): void {
  element(id).dispatchEvent(Object.assign(new Event("pointermove", { bubbles: true }), { pointerType }));
}

function scrollTo(place: number): void {
  vi.stubGlobal("scrollY", Math.min(place, room));
  window.dispatchEvent(new Event("scroll"));
}

beforeEach(() => {
  document.body.innerHTML = `
    <header><button id="menu">Menu</button></header>
    <main id="main"><a id="row" href="/">A row</a><button id="retry"><span id="word">Retry</span></button><p id="text">Text</p></main>`;
  tops = { menu: 0, row: 100, retry: 500, text: 600 };
  room = 10_000;
  vi.stubGlobal("scrollY", 0);
  vi.stubGlobal("scrollBy", ({ top }: { top: number }) => scrollTo(window.scrollY + top));
  vi.stubGlobal(
    "ResizeObserver",
    class {
      constructor(callback: () => void) {
        resize = callback;
      }
      observe(): void {}
      disconnect(): void {
        resize = () => undefined;
      }
    },
  );
  vi.spyOn(HTMLElement.prototype, "getBoundingClientRect").mockImplementation(function (this: HTMLElement) {
    return { top: (tops[this.id] ?? 0) - window.scrollY } as DOMRect;
  });
  stop = keepUnderPointer(element("main"));
});

afterEach(() => {
  stop();
  vi.restoreAllMocks();
});

/** Something above all controls grows. */
function grow(by: number): void {
  tops = Object.fromEntries(Object.entries(tops).map(([id, top]) => [id, top + by]));
  resize();
}

describe("a control under the mouse", () => {
  it.each(["retry", "word"])("stays there if something above it grows, or shrinks (%s)", (id) => {
    point(id);
    grow(120);
    expect(window.scrollY).toBe(120);
    grow(-20);
    expect(window.scrollY).toBe(100);
  });

  it("stays there after the person has scrolled", () => {
    point("retry");
    scrollTo(40);
    grow(120);
    expect(window.scrollY).toBe(160);
  });

  it("is left alone if the browser has kept it in place", () => {
    point("retry");
    tops.retry = 620;
    scrollTo(120);
    resize();
    expect(window.scrollY).toBe(120);
  });

  it("stays there if the browser has scrolled by a part only", () => {
    point("retry");
    tops.retry = 620;
    scrollTo(20);
    resize();
    expect(window.scrollY).toBe(120);
  });

  it.each([900, -30])("gives way to a jump of the page (to %d)", (to) => {
    scrollTo(100);
    point("retry");
    tops.retry = 620;
    scrollTo(100 + to);
    resize();
    expect(window.scrollY).toBe(100 + to);
  });

  it("moves as little as the page can scroll", () => {
    room = 50;
    point("retry");
    grow(120);
    grow(10);
    expect(window.scrollY).toBe(50);
  });
});

describe("the page is not scrolled", () => {
  it.each(["row", "text", "menu"])("for what is no control of the page (%s)", (id) => {
    point("retry");
    point(id);
    grow(120);
    expect(window.scrollY).toBe(0);
  });

  it("for a finger", () => {
    point("retry", "touch");
    grow(120);
    expect(window.scrollY).toBe(0);
  });

  it.each([
    ["the person types", () => document.dispatchEvent(new Event("keydown"))],
    ["the mouse has left the window", () => document.documentElement.dispatchEvent(new Event("pointerleave"))],
    ["the control is gone", () => element("retry").remove()],
    ["the watching has ended", () => stop()],
  ])("if %s", (_, happens) => {
    point("retry");
    happens();
    grow(120);
    expect(window.scrollY).toBe(0);
  });
});
