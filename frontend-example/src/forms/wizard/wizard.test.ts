// @vitest-environment jsdom
import { beforeEach, describe, expect, it } from "vitest";
import type { Draft, DraftPlace } from "./drafts";
import type { Answer, Fields, Look, Page } from "./types";
import { Wizard, type Sent } from "./wizard";

const text = { type: "string", default: "" };
const secret = { type: "string", writeOnly: true };

function page(index: number, properties: object, version = ""): Page {
  const key = Object.keys(properties).join();
  const parts = { index, key, title: key, description: null, submitLabel: "Next", hasNext: true, isConfirmation: false, cuts: [] };
  return { __typename: "FormPage", ...parts, schema: { properties } as Page["schema"], uiSchema: {}, initialData: {}, digest: `${key}${version}` };
}

class Drafts implements DraftPlace {
  stored: Draft | null = null;
  load = (): Draft | null => this.stored;
  save = (draft: Draft): void => void (this.stored = structuredClone(draft));
  remove = (): void => void (this.stored = null);
  ask = (): (() => void) => () => undefined;
}

/** A server with a form of some pages; a page with `wrong` in it is refused. */
class Server {
  pages: Page[] = [page(0, { site: text }), page(1, { password: secret, user: text }), page(2, { note: text })];
  started: Sent[] = [];
  keys: string[] = [];
  isAway = false;

  look = async (sent: readonly Fields[]): Promise<Look> => {
    if (this.isAway) throw new Error("away");
    const wrong = sent.findIndex((fields) => Object.values(fields).includes("wrong"));
    const invalid = this.pages[wrong];
    if (invalid) return { __typename: "FormInvalid", message: "No.", pageIndex: wrong, errors: [], page: invalid };
    return this.pages[sent.length] ?? { __typename: "FormComplete" };
  };

  send = async (sent: Sent): Promise<Answer> => {
    this.keys.push(sent.idempotencyKey);
    const look = await this.look(sent.pages);
    if (look?.__typename === "FormPage") return { __typename: "FormIncomplete", nextPage: look as Page };
    if (look?.__typename === "FormInvalid") return look as Answer;
    this.started.push(sent);
    return { __typename: "StartWorkflowSuccess" };
  };
}

describe("a form of several pages", () => {
  let server: Server;
  let drafts: Drafts;
  beforeEach(() => {
    server = new Server();
    drafts = new Drafts();
  });

  const opened = async (preset?: Fields, isAnsweredOnce = true): Promise<Wizard> => {
    const { send, look } = server;
    const wizard = new Wizard({ send, look, drafts, isAnsweredOnce, ...(preset && { preset: () => preset }) });
    await wizard.begin(server.pages[0] ?? null);
    return wizard;
  };
  const shown = (wizard: Wizard) => [wizard.get().index, wizard.get().draft];

  it("sends all pages so far, and ends", async () => {
    const wizard = await opened();
    await wizard.submit({ site: "ams" });
    await wizard.submit({ password: "p", user: "u" });
    await wizard.submit({ note: "n" });
    expect(server.started.map(({ pages }) => pages)).toEqual([[{ site: "ams" }, { password: "p", user: "u" }, { note: "n" }]]);
    expect(wizard.get().isDone).toBe(true);
    expect(drafts.stored).toBeNull();
  });

  it("goes back with what was typed, the secret too, and forth again", async () => {
    const wizard = await opened();
    await wizard.submit({ site: "ams" });
    await wizard.submit({ password: "p", user: "u" });
    wizard.type({ note: "half" });
    wizard.back();
    expect(shown(wizard)).toEqual([1, { password: "p", user: "u" }]);
    wizard.back();
    expect(shown(wizard)).toEqual([0, { site: "ams" }]);
    await wizard.submit({ site: "ams" });
    await wizard.submit({ password: "p", user: "u" });
    expect(shown(wizard)).toEqual([2, { note: "half" }]);
  });

  it("is sent once if the button is pressed twice", async () => {
    const wizard = await opened();
    await Promise.all([wizard.submit({ site: "ams" }), wizard.submit({ site: "ams" })]);
    expect(server.keys).toHaveLength(1);
    expect(wizard.get().index).toBe(1);
  });

  it("is tried again under the same key after an answer was lost, and under another one if it was changed", async () => {
    server.pages = server.pages.slice(0, 1);
    const wizard = await opened();
    server.isAway = true;
    await wizard.submit({ site: "ams" });
    expect(wizard.get().error?.message).toBe("away");
    await wizard.submit({ site: "ams" });
    await wizard.submit({ site: "utr" });
    expect(server.keys[0]).toBe(server.keys[1]);
    expect(server.keys[1]).not.toBe(server.keys[2]);
  });

  it("shows the page that is wrong", async () => {
    const wizard = await opened();
    await wizard.submit({ site: "ams" });
    await wizard.submit({ user: "wrong" });
    expect(wizard.get()).toMatchObject({ index: 1, problems: [{ path: [], message: "No." }], notice: null });
  });

  it.each([
    { named: ["hours"], left: [] },
    { named: ["hours", "site"], left: ["site"] },
    { named: [undefined, "hours", "day"], left: [undefined, "day"] },
  ])("asks to correct only what the form has after it was changed: $named", async ({ named, left }) => {
    const errors = named.map((name) => ({ path: name ? [name] : [], message: "No." }));
    server.pages = [page(0, { site: text, hours: text })];
    const changed = page(0, { site: text, day: text }, "2");
    server.send = async () => ({ __typename: "FormInvalid", message: "No.", pageIndex: 0, errors, page: changed }) as Answer;
    const wizard = await opened();
    await wizard.submit({ hours: "9", site: "ams" });
    expect(wizard.get().problems.map(({ path }) => path[0])).toEqual(left);
    expect(wizard.get().notice).toEqual({ kind: "changed", lost: { hours: "9" } });
  });

  it("stores nothing that may be secret, and asks for it again", async () => {
    const wizard = await opened();
    await wizard.submit({ site: "ams" });
    wizard.type({ user: "u", password: "typed-secret" });
    expect(JSON.stringify(drafts.stored)).not.toContain("typed-secret");
    await wizard.submit({ password: "sent-secret", user: "u" });
    wizard.type({ note: "half" });
    expect(JSON.stringify(drafts.stored)).not.toContain("-secret");
    const again = await opened();
    expect(shown(again)).toEqual([1, { user: "u" }]);
    expect(again.get().notice).toEqual({ kind: "restored", lacksSecret: true });
    await again.submit({ password: "p", user: "u" });
    expect(shown(again)).toEqual([2, { note: "half" }]);
  });

  it("opens a draft at the page that was open", async () => {
    server.pages = [page(0, { site: text }), page(1, { rack: text })];
    const wizard = await opened();
    await wizard.submit({ site: "ams" });
    wizard.type({ rack: "7" });
    expect(shown(await opened())).toEqual([1, { rack: "7" }]);
    wizard.startOver();
    expect(shown(wizard)).toEqual([0, {}]);
    expect(shown(await opened())).toEqual([0, {}]);
  });

  it("opens the page after one that is chosen already, unless the server refuses it", async () => {
    expect(shown(await opened({ site: "ams" }))).toEqual([1, {}]);
    const refused = await opened({ site: "wrong" });
    expect(shown(refused)).toEqual([0, { site: "wrong" }]);
    expect(refused.get().problems).toHaveLength(1);
  });

  it("takes over a form that changed while it was open, with what still fits", async () => {
    const wizard = await opened();
    wizard.type({ site: "ams" });
    const edition = wizard.get().edition;
    await wizard.refresh(page(0, { site: text }));
    expect(wizard.get().edition).toBe(edition);
    await wizard.refresh(page(0, { site: text, rack: text }));
    expect(shown(wizard)).toEqual([0, { site: "ams" }]);
    expect(wizard.get().notice).toEqual({ kind: "changed", lost: {} });
    wizard.type({ site: "ams", rack: "7" });
    await wizard.refresh(page(0, { rack: { type: "integer" } }));
    expect(wizard.get().notice).toEqual({ kind: "changed", lost: { site: "ams", rack: "7" } });
  });

  it("takes over a later page that changed, and keeps the earlier ones", async () => {
    const wizard = await opened();
    await wizard.submit({ site: "ams" });
    wizard.type({ user: "u" });
    server.pages[1] = page(1, { user: text });
    await wizard.refresh(server.pages[0] ?? null);
    expect(shown(wizard)).toEqual([1, { user: "u" }]);
    expect(wizard.get().notice).toEqual({ kind: "changed", lost: {} });
    wizard.back();
    expect(shown(wizard)).toEqual([0, { site: "ams" }]);
  });

  it("leaves everything as it is if the server goes away meanwhile", async () => {
    const wizard = await opened();
    await wizard.submit({ site: "ams" });
    wizard.type({ user: "u" });
    const before = wizard.get();
    server.isAway = true;
    await wizard.refresh(server.pages[0] ?? null);
    expect(wizard.get()).toBe(before);
  });

  it("takes the draft of another tab only if nothing is typed here", async () => {
    const draft: Draft = { id: "1", at: 0, comment: "c", pages: [{ digest: "site", typed: { site: "utr" }, payload: null, lacksSecret: false }] };
    const wizard = await opened();
    await wizard.hear(draft);
    expect(shown(wizard)).toEqual([0, { site: "utr" }]);
    expect(drafts.stored).toEqual(draft);
    wizard.type({ site: "own" });
    await wizard.hear({ ...draft, comment: "other" });
    expect(wizard.get().comment).toBe("c");
  });

  it("only offers the draft of another tab if the form may be sent in both, until something is typed here", async () => {
    const draft: Draft = { id: "1", at: 0, comment: "", pages: [{ digest: "site", typed: { site: "utr" }, payload: null, lacksSecret: false }] };
    const wizard = await opened(undefined, false);
    await wizard.hear(draft);
    expect([shown(wizard), drafts.stored, wizard.get().notice]).toEqual([[0, {}], null, { kind: "offered", draft }]);
    wizard.type({ site: "own" });
    expect(wizard.get().notice).toBeNull();
    await wizard.hear(draft);
    expect([shown(wizard), wizard.get().notice]).toEqual([[0, {}], null]);
    expect(drafts.stored?.pages[0]?.typed).toEqual({ site: "own" });
    const other = await opened({ site: "ams" }, false);
    await other.hear(draft);
    expect(other.get().index).toBe(0);
    await other.take(draft);
    expect(shown(other)).toEqual([0, { site: "utr" }]);
  });
});
