// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

type Listener = (event: { data: unknown }) => void;

/** The channel as the browser has it: a message reaches the other tabs. It must work without the browser's own. */
class Channel {
  static open: Channel[] = [];
  onmessage: Listener | null = null;
  constructor(readonly name: string) {
    Channel.open.push(this);
  }
  postMessage(data: unknown): void {
    for (const other of Channel.open) if (other !== this && other.name === this.name) other.onmessage?.({ data });
  }
}

/** The session of another tab: a module of its own, with its own sessionStorage. */
async function tab(token: string | null = null) {
  vi.resetModules();
  sessionStorage.clear();
  if (token) sessionStorage.setItem("orchestrator-token", token);
  return await import("./session");
}

const replace = vi.fn();
const reload = vi.fn();

beforeEach(() => {
  Channel.open = [];
  replace.mockReset();
  reload.mockReset();
  vi.stubGlobal("BroadcastChannel", Channel);
  vi.stubGlobal("location", { replace, reload });
});
afterEach(() => vi.unstubAllGlobals());

describe("the token", () => {
  it("comes from a tab that is signed in", async () => {
    await tab("secret");
    const second = await tab();
    await second.askOtherTabs();
    expect(second.token.get()).toBe("secret");
  });

  it("is not waited for if no other tab has it", async () => {
    await tab();
    const second = await tab();
    await second.askOtherTabs();
    expect(second.token.get()).toBeNull();
  });

  it("reaches the tabs that wait for a sign-in", async () => {
    const first = await tab();
    first.demandSignIn();
    const second = await tab();
    second.demandSignIn();
    second.signIn("secret", "ada");
    expect([first.token.get(), first.demand.get()]).toEqual(["secret", null]);
  });

  it("is taken from another tab when the own one is refused", async () => {
    const first = await tab("old");
    const second = await tab("old");
    // The first tab was signed in while the second one slept: it heard nothing.
    first.token.set("new");
    second.demandSignIn();
    expect([second.token.get(), second.demand.get()]).toEqual(["new", null]);
  });

  it("is asked for once if two tabs have tokens that are refused", async () => {
    const first = await tab("old");
    const second = await tab("older");
    second.demandSignIn();
    expect(second.token.get()).toBe("old");
    second.demandSignIn();
    first.demandSignIn();
    expect(first.demand.get()).toMatch(/any more/);
    expect(second.demand.get()).toMatch(/any more/);
  });

  it("is gone in all tabs after a sign-out, and no tab hands it on", async () => {
    const first = await tab("secret");
    const second = await tab("secret");
    second.signOut();
    expect(replace).toHaveBeenCalledTimes(2);
    // The first tab has not been loaded again yet; the second one has.
    const again = await tab();
    await again.askOtherTabs();
    expect(again.token.get()).toBeNull();
    expect(first.token.get()).toBe("secret");
  });

  it("is never in localStorage", async () => {
    const first = await tab();
    first.signIn("secret", "ada");
    expect(JSON.stringify({ ...localStorage })).not.toContain("secret");
  });

  it("of another person loads the page anew, with nothing kept but the token", async () => {
    const first = await tab();
    first.signIn("of-ada", "ada");
    first.meet("ada");
    sessionStorage.setItem("draft", "of ada");
    expect(reload).not.toHaveBeenCalled();
    first.signIn("of-bob", "bob");
    expect(reload).toHaveBeenCalledTimes(1);
    expect({ ...sessionStorage }).toEqual({ "orchestrator-token": "of-bob" });
  });
});
