// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { keepFocus } from "./focusKeeper";

let stop: () => void;

function element(selector: string): HTMLElement {
  const found = document.querySelector<HTMLElement>(selector);
  if (!found) throw new Error(selector);
  return found;
}

async function later(): Promise<void> {
  await Promise.resolve();
  vi.runAllTimers();
}

beforeEach(() => {
  vi.useFakeTimers();
  document.body.innerHTML = `
    <main id="main"><h1>Process</h1>
      <ol><li id="one"><h3 id="title">Confirm</h3><form><button id="yes">Yes</button></form></li></ol>
      <button id="away">Away</button>
    </main>`;
  stop = keepFocus(element("#main"));
});

afterEach(() => {
  stop();
  vi.useRealTimers();
});

describe("a control that goes while it has the focus", () => {
  it("leaves the focus to the heading of what held it", async () => {
    element("#yes").focus();
    element("form").remove();
    await later();
    expect(document.activeElement?.id).toBe("title");
  });

  it("leaves it to the page if that is gone, too", async () => {
    element("#yes").focus();
    element("#one").remove();
    await later();
    expect(document.activeElement?.tagName).toBe("H1");
  });

  it("leaves it to whoever took it meanwhile", async () => {
    element("#yes").focus();
    element("form").remove();
    element("#away").focus();
    await later();
    expect(document.activeElement?.id).toBe("away");
  });

  it("leaves nothing if the person had clicked somewhere else", async () => {
    element("#yes").focus();
    document.dispatchEvent(new Event("pointerdown"));
    element("#yes").blur();
    element("form").remove();
    await later();
    expect(document.activeElement).toBe(document.body);
  });

  it("leaves it to whoever took it and told nobody", async () => {
    element("#away").addEventListener("focusin", (event) => event.stopPropagation());
    element("#yes").focus();
    element("form").remove();
    element("#away").focus();
    await later();
    expect(document.activeElement?.id).toBe("away");
  });

  it("leaves the focus to the heading of what held it before a dialog was opened", async () => {
    document.body.insertAdjacentHTML("beforeend", '<div role="dialog" id="dialog"><h2>Sure?</h2><button id="sure">Sure</button></div>');
    element("#yes").focus();
    element("#sure").focus();
    element("#dialog").remove();
    await later();
    expect(document.activeElement?.id).toBe("title");
  });

  it("leaves nothing if the control is there again", async () => {
    const form = element("form");
    element("#yes").focus();
    form.remove();
    await Promise.resolve();
    element("#one").append(form);
    vi.runAllTimers();
    expect(document.activeElement).toBe(document.body);
  });

  it("does not scroll the page", async () => {
    const focus = vi.spyOn(element("#title"), "focus");
    element("#yes").focus();
    element("form").remove();
    await later();
    expect(focus).toHaveBeenCalledWith({ preventScroll: true });
  });

  it("costs nothing as long as it stays", async () => {
    element("#yes").focus();
    vi.runAllTimers();
    const before = vi.getTimerCount();
    element("#away").remove();
    await Promise.resolve();
    expect(vi.getTimerCount()).toBe(before);
  });

  it("leaves nothing any more once the watching has ended", async () => {
    element("#yes").focus();
    element("form").remove();
    await Promise.resolve();
    stop();
    vi.runAllTimers();
    expect(document.activeElement).toBe(document.body);
  });
});
