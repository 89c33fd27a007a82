import { describe, expect, it } from "vitest";
import { approvals, kindOf, MOST_AT_ONCE, outcomesOf, rejections, type BulkTask, type Page, withChoice } from "./bulk";
import { filtersOf, requestFilterOf } from "./filters";

const page = (isConfirmation: boolean, more: Partial<Page> = {}): Page =>
  ({ __typename: "FormPage", isConfirmation, digest: "d1", schema: { properties: {} }, initialData: {}, cuts: [], ...more }) as Page;

const task = (id: string, form: BulkTask["form"], more: Partial<BulkTask> = {}): BulkTask =>
  ({ id, version: 3, status: "OPEN", canSubmit: true, canReject: true, form, ...more }) as BulkTask;

describe("a chosen task", () => {
  it.each([
    ["ready", task("a", page(true))],
    ["ready", task("a", { __typename: "FormComplete" })],
    ["fill", task("a", page(false))],
    ["fill", task("a", { __typename: "FormInvalid" })],
    ["fill", task("a", null)],
    ["blocked", task("a", page(true), { canSubmit: false })],
    ["closed", task("a", null, { status: "SUBMITTED" })],
  ] as const)("is %s", (kind, chosen) => {
    expect(kindOf(chosen)).toBe(kind);
  });
});

describe("a choice", () => {
  const ids = Array.from({ length: MOST_AT_ONCE + 20 }, (_, number) => `t${number}`);

  it("takes so many tasks as the server decides at once, without those that were decided", () => {
    const first = withChoice(new Set(), ids, ids, true);
    expect(first.size).toBe(MOST_AT_ONCE);
    const left = ids.slice(MOST_AT_ONCE);
    expect([...withChoice(first, left, left, true)]).toEqual(left);
  });

  it("is taken back", () => {
    expect([...withChoice(new Set(["t1", "t2"]), ids, ["t1"], false)]).toEqual(["t2"]);
  });
});

describe("what is sent", () => {
  it("is bound to what was shown, with a key, and only fields that the server would give another value", () => {
    const schema = { properties: { shown: { readOnly: true }, made: {}, kept: { default: 1 } } };
    const ready = task("a", page(true, { schema, initialData: { shown: "x", made: "m", kept: 1 } }));
    expect(approvals([ready, task("b", { __typename: "FormComplete" })], " ", new Map([["a", "k"]]))).toEqual([
      { inputRequestId: "a", pages: [{ made: "m" }], comment: null, expectedVersion: 3, shownDigest: "d1", idempotencyKey: "k" },
      { inputRequestId: "b", pages: [], comment: null, expectedVersion: 3, shownDigest: null, idempotencyKey: null },
    ]);
  });

  it("has the comment of a rejection", () => {
    expect(rejections([task("a", null)], " Not today. ")).toEqual([
      { inputRequestId: "a", comment: "Not today.", expectedVersion: 3, sendBack: false },
    ]);
  });
});

describe("what came of it", () => {
  it("is said for each task, with who was faster", () => {
    const tasks = ["a", "b", "c", "d"].map((id) => task(id, page(true)));
    const answers = [
      { __typename: "SubmitFormSuccess" as const },
      { __typename: "ConflictError" as const, code: "ALREADY_DECIDED" as never, message: "It was decided.", by: { name: "Bob" }, at: "now" },
      { __typename: "FormIncomplete" as const },
    ];
    expect(outcomesOf(tasks, answers, "Approved").map(({ isDone, words, at }) => [isDone, words, at])).toEqual([
      [true, "Approved.", null],
      [false, "It was decided. That was Bob.", "now"],
      [false, "There is a further page: open it.", null],
      [false, "The server gave no answer for this task.", null],
    ]);
  });
});

describe("the filter of an address", () => {
  it.each([
    ["", { mine: true }],
    ["show=unclaimed&team=NOC", { mine: true, claimed: false, assigneeKeys: ["NOC"] }],
    ["show=claimed", { claimedBy: "me" }],
    ["show=all&q=lyon&workflow=w", { search: "lyon", workflowNames: ["w"] }],
    ["show=toString", { mine: true }],
  ])("%s", (search, filter) => {
    expect(requestFilterOf(filtersOf(new URLSearchParams(search)), "me")).toEqual(filter);
  });
});
