// @vitest-environment jsdom
import { beforeEach, describe, expect, it, vi } from "vitest";

/** Other tabs: each hears what the others say, as a BroadcastChannel does. */
class Channel {
  static all: Channel[] = [];
  onmessage: ((event: { data: unknown }) => void) | null = null;

  constructor(readonly name: string) {
    Channel.all.push(this);
  }

  postMessage(data: unknown): void {
    for (const other of Channel.all) if (other !== this) other.onmessage?.({ data: structuredClone(data) });
  }
}

const draft = (id: string) => ({
  ...{ id, at: 0, comment: "" },
  pages: [{ digest: "d", typed: { name: id }, payload: null, lacksSecret: false }],
});

/** A tab with its own sessionStorage. */
async function tab() {
  const stored = new Map<string, string>();
  const storage = {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, text: string) => void stored.set(key, text),
    removeItem: (key: string) => void stored.delete(key),
    key: (index: number) => [...stored.keys()][index] ?? null,
    get length() {
      return stored.size;
    },
  };
  vi.stubGlobal("BroadcastChannel", Channel);
  vi.resetModules();
  const module = await import("./drafts");
  const inTab = <T>(action: () => T): T => {
    vi.stubGlobal("sessionStorage", storage);
    return action();
  };
  const channel = Channel.all.at(-1)!;
  const hear = channel.onmessage!;
  channel.onmessage = (event) => {
    const before = globalThis.sessionStorage;
    inTab(() => hear(event));
    vi.stubGlobal("sessionStorage", before);
  };
  return { ...module, inTab, stored };
}

describe("drafts", () => {
  beforeEach(() => {
    Channel.all = [];
    vi.unstubAllGlobals();
  });

  it("stay in the tab until they are removed", async () => {
    const { draftPlace, inTab } = await tab();
    inTab(() => {
      const place = draftPlace("ada", "start/x");
      place.save(draft("1"));
      expect(draftPlace("ada", "start/x").load()).toEqual(draft("1"));
      place.remove();
      expect(place.load()).toBeNull();
    });
  });

  it("are never shown to another person, and removed when another person is known", async () => {
    const { draftPlace, removeDraftsOfOthers, inTab, stored } = await tab();
    inTab(() => {
      for (const person of ["ada", "ad", "ada x", ""]) draftPlace(person, "start/x").save(draft(person));
      sessionStorage.setItem("orchestrator-token", "t");
      expect(draftPlace("bob", "start/x").load()).toBeNull();
      removeDraftsOfOthers("ada");
      expect(draftPlace("ada", "start/x").load()?.id).toBe("ada");
      expect(stored.size).toBe(2);
    });
  });

  it("are heard by a tab that opens the same form for the same person, and by no other", async () => {
    const [one, other] = [await tab(), await tab()];
    one.inTab(() => one.draftPlace("ada", "start/x").save(draft("1")));
    const heard: string[] = [];
    other.inTab(() => {
      other.draftPlace("bob", "start/x").ask(({ id }) => heard.push(`bob ${id}`));
      other.draftPlace("ada", "start/y").ask(({ id }) => heard.push(`y ${id}`));
      other.draftPlace("ada", "start/x").ask(({ id }) => heard.push(`ada ${id}`));
    });
    expect(heard).toEqual(["ada 1"]);
    expect(other.stored.size).toBe(0);
  });

  it("never replace what was typed in the other tab", async () => {
    const [one, other] = [await tab(), await tab()];
    one.inTab(() => one.draftPlace("ada", "start/x").save(draft("1")));
    other.inTab(() => {
      other.draftPlace("ada", "start/x").save(draft("2"));
      other.draftPlace("ada", "start/x").ask(() => expect.unreachable());
      expect(other.draftPlace("ada", "start/x").load()?.id).toBe("2");
    });
  });

  it("are removed with their copies, but not with what was typed elsewhere on its own", async () => {
    const [one, copy, own] = [await tab(), await tab(), await tab()];
    one.inTab(() => one.draftPlace("ada", "start/x").save(draft("1")));
    const place = copy.draftPlace("ada", "start/x");
    copy.inTab(() => place.ask((heard) => place.save(heard)));
    own.inTab(() => own.draftPlace("ada", "start/x").save(draft("2")));
    one.inTab(() => one.draftPlace("ada", "start/x").remove());
    expect([one.stored.size, copy.stored.size, own.stored.size]).toEqual([0, 0, 1]);
  });
});
