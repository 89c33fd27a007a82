// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

const REFUSED = new DOMException("The operation is insecure.", "SecurityError");

function refuse(): never {
  throw REFUSED;
}

/** Ways in which a browser keeps nothing: it refuses storage itself, or each write. */
const WAYS: Record<string, () => void> = {
  "storage is blocked": () => {
    for (const name of ["sessionStorage", "localStorage"]) vi.spyOn(window, name as "sessionStorage", "get").mockImplementation(refuse);
    vi.stubGlobal("BroadcastChannel", class { constructor() { refuse(); } });
  },
  "storage is full": () => {
    vi.spyOn(Storage.prototype, "setItem").mockImplementation(refuse);
  },
};

describe.each(Object.keys(WAYS))("a tab in which %s", (way) => {
  beforeEach(() => {
    sessionStorage.clear();
    vi.resetModules();
    WAYS[way]!();
  });

  afterEach(() => {
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
    vi.resetModules();
  });

  it("keeps its values in the page", async () => {
    const { tabStorage } = await import("./tabStorage");

    expect(tabStorage.set("a", "1")).toBe(false);
    expect([tabStorage.get("a"), tabStorage.keys()]).toEqual(["1", ["a"]]);
    tabStorage.remove("a");
    expect([tabStorage.get("a"), tabStorage.keys()]).toEqual([null, []]);
  });

  it("signs in", async () => {
    const { signIn, credentials, token } = await import("./api/session");

    expect(token.get()).toBeNull();
    signIn("t", "ada");
    expect(credentials()).toEqual({ authorization: "Bearer t" });
  });

  it("keeps a draft while the page is open", async () => {
    const { draftPlace, removeDraftsOfOthers } = await import("./forms/wizard/drafts");
    const draft = { id: "d", pages: [], at: 0, comment: "" };
    const place = draftPlace("ada", "form");

    place.save(draft);
    removeDraftsOfOthers("ada");
    expect(place.load()).toEqual(draft);
    removeDraftsOfOthers("bob");
    expect(place.load()).toBeNull();
  });

  it("is not loaded again by itself", async () => {
    const { load } = await import("./api/chunks");
    vi.stubGlobal("fetch", async () => new Response());

    await expect(load(() => Promise.reject(new Error("gone")), true)).rejects.toThrow("was not loaded");
  });
});
