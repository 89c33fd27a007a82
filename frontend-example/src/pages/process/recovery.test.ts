import { describe, expect, it } from "vitest";
import { NOTHING, offersFor, troubledIds, waitOf } from "./recovery";
import type { Callback, Head, StepState } from "./processModel";

const ALL = ["COMPLETE_CALLBACK", "REAWAIT_CALLBACK", "REISSUE_CALLBACK"] as const;
const head = (index: number, actions: readonly string[] = ALL): Head =>
  ({ currentStep: { index }, availableActions: actions }) as unknown as Head;
const callback = (status: string): Callback => ({ id: status, name: null, status }) as Callback;
const STEPS = ["ACTION", "AWAIT_CALLBACK", "VALIDATION", "ACTION"].map(
  (kind, index) => ({ step: { kind, index }, callbacks: [], requests: [] }) as unknown as StepState,
);

describe("recovery", () => {
  it.each([
    [0, { index: 1, isJudged: false }],
    [1, { index: 1, isJudged: false }],
    [2, { index: 1, isJudged: true }],
    [3, null],
  ])("finds the wait of a process at step %i", (index, wait) => {
    expect(waitOf(head(index), STEPS)).toEqual(wait);
  });

  it("offers nothing if the server offers nothing", () => {
    expect(waitOf(head(1, ["ABORT"]), STEPS)).toBeNull();
    expect(offersFor(callback("PENDING"), head(1, []), null, 1)).toEqual(NOTHING);
  });

  it("offers nothing for a callback that has its result while others wait", () => {
    const wait = { index: 1, isJudged: false };
    expect(offersFor(callback("RECEIVED"), head(1), wait, 1)).toEqual(NOTHING);
    expect(offersFor(callback("EXPIRED"), head(1), wait, 1)).toEqual({ complete: true, reawait: true, reissue: true });
    expect(offersFor(callback("WITHDRAWN"), head(1), wait, 1).reawait).toBe(false);
    expect(offersFor(callback("EXPIRED"), head(1), wait, 0)).toEqual(NOTHING);
  });

  it("replaces a result that the validation refused", () => {
    const offers = offersFor(callback("REJECTED"), head(2), { index: 1, isJudged: true }, 1);
    expect(offers).toEqual({ complete: true, reawait: false, reissue: true });
  });

  it("looks for late answers where there is no good result", () => {
    const steps = [STEPS[0]!, { ...STEPS[1]!, callbacks: ["PENDING", "EXPIRED", "VALIDATED"].map(callback) }];
    expect(troubledIds({ index: 1, isJudged: false }, steps)).toEqual(["EXPIRED"]);
    expect(troubledIds({ index: 1, isJudged: true }, steps)).toEqual(["EXPIRED", "VALIDATED"]);
    expect(troubledIds(null, steps)).toEqual([]);
  });
});
