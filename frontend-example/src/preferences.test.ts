// @vitest-environment jsdom
import { beforeEach, describe, expect, it, vi } from "vitest";
import { followTheme, preference, theme } from "./preferences";

beforeEach(() => localStorage.clear());

describe("a preference", () => {
  it("is the first value until one is chosen, and is kept", () => {
    const size = preference("size", ["small", "large"]);
    expect(size.get()).toBe("small");
    size.set("large");
    expect(preference("size", ["small", "large"]).get()).toBe("large");
  });

  it("is the first value if something unknown was stored", () => {
    localStorage.setItem("orchestrator-size", "huge");
    expect(preference("size", ["small", "large"]).get()).toBe("small");
  });

  it("follows a choice in another tab", () => {
    const size = preference("size", ["small", "large"]);
    const listener = vi.fn();
    size.subscribe(listener);
    window.dispatchEvent(new StorageEvent("storage", { key: "orchestrator-size", newValue: "large" }));
    window.dispatchEvent(new StorageEvent("storage", { key: "orchestrator-other", newValue: "small" }));
    expect(size.get()).toBe("large");
    expect(listener).toHaveBeenCalledTimes(1);
  });

  it("holds without storage until the page is left", () => {
    const size = preference("size", ["small", "large"]);
    const refuse = vi.spyOn(Storage.prototype, "setItem").mockImplementation(() => {
      throw new DOMException("full", "QuotaExceededError");
    });
    size.set("large");
    refuse.mockRestore();
    expect(size.get()).toBe("large");
  });
});

describe("the theme", () => {
  it("is an attribute of the document unless the system chooses", () => {
    followTheme();
    expect(document.documentElement.dataset["theme"]).toBeUndefined();
    theme.set("dark");
    expect(document.documentElement.dataset["theme"]).toBe("dark");
    theme.set("system");
    expect(document.documentElement.dataset["theme"]).toBeUndefined();
  });
});
