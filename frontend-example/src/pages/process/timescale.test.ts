import { describe, expect, it } from "vitest";
import { askedIn, axisOf, BAR, barOf, secondsOf, timeKindOf, totalsOf } from "./timescale";
import type { StepState } from "./processModel";

const at = (second: number): string => new Date(second * 1000).toISOString();
const step = (kind: string, from: number | null, to: number | null, status = "SUCCESS") =>
  ({ kind, status, startedAt: from === null ? null : at(from), completedAt: to === null ? null : at(to) }) as StepState["step"];

describe("the time scale", () => {
  it("tells working from waiting", () => {
    const steps = [
      step("ACTION", 0, 2),
      step("AWAIT_CALLBACK", 2, 62),
      step("VALIDATION", 62, 63),
      step("INPUT", 63, null, "SUSPENDED"),
      step("ACTION", null, null, "PENDING"),
    ];
    const totals = totalsOf(steps.map((each) => ({ step: each, callbacks: [], requests: [] })), 73_000);
    expect(totals).toEqual({ work: 3, remote: 60, person: 10, pause: 0, lost: 0, tries: 0 });
    expect(timeKindOf(step("ACTION", 0, null, "WAITING"))).toBe("pause");
    const ofWaits = ["AWAITING_CALLBACK", "SUSPENDED", "WAITING", "SUCCESS"].map((status) => timeKindOf(step("AWAIT_CALLBACK", 0, null, status)));
    expect(ofWaits).toEqual(["remote", "remote", "pause", "remote"]);
    expect([timeKindOf(step("SYSTEM", 0, 28_800)), timeKindOf(step("SYSTEM", 0, 0)), timeKindOf(step("SYSTEM", 0, null, "RUNNING"))]).toEqual(
      ["pause", "work", "work"],
    );
  });

  it("gives a person the time in which an operator was asked, also after the wait has ended", () => {
    const request = (from: number, to: number | null) =>
      ({ createdAt: at(from), closedAt: to === null ? null : at(to) }) as StepState["requests"][number];
    const wait = (to: number | null, ...requests: StepState["requests"]) => ({ step: step("AWAIT_CALLBACK", 10, to), callbacks: [], requests });
    const earlier = request(2, 8);
    expect(totalsOf([wait(110, earlier, request(40, 90))], 200_000)).toEqual({ work: 0, remote: 50, person: 50, pause: 0, lost: 0, tries: 0 });
    expect(totalsOf([wait(null, request(40, null))], 200_000)).toEqual({ work: 0, remote: 30, person: 160, pause: 0, lost: 0, tries: 0 });
    expect(totalsOf([wait(110)], 200_000)).toEqual({ work: 0, remote: 100, person: 0, pause: 0, lost: 0, tries: 0 });
    const [asked] = askedIn(wait(110, earlier, request(40, 90)));
    expect(asked && timeKindOf(asked)).toBe("person");
    expect(asked && barOf(asked, { start: 0, end: 100_000 }, 0)).toEqual({ x: 400, width: 500 });
    expect(askedIn({ step: step("INPUT", 0, 9), requests: [request(0, 9)] })).toEqual([]);
  });

  it("does not count the time as work in which a machine was dead", () => {
    const held = { ...step("ACTION", 0, 28_800, "FAILED"), failureReason: { code: "interrupted", message: "The machine died." } };
    const failed = { ...step("ACTION", 0, 9, "FAILED"), failureReason: { code: "step-raised", message: "No route." } };
    const totals = totalsOf([held, failed].map((each) => ({ step: each, callbacks: [], requests: [] })), 0);
    expect(totals).toEqual({ work: 9, remote: 0, person: 0, pause: 0, lost: 28_800, tries: 0 });
  });

  it("does not count as work the time between the tries of one execution", () => {
    const kindOf = (attempt: number, executionCount: number, status = "SUCCESS") => timeKindOf({ ...step("ACTION", 0, null, status), attempt, executionCount });
    // After a crash, as its author says, or by a retry of an operator, which begins another execution.
    expect([kindOf(2, 1, "RUNNING"), kindOf(3, 1), kindOf(2, 1, "FAILED"), kindOf(3, 2)]).toEqual(["tries", "tries", "tries", "tries"]);
    expect([kindOf(1, 1), kindOf(2, 2, "RUNNING"), kindOf(1, 2), kindOf(2, 1, "WAITING")]).toEqual(["work", "work", "work", "pause"]);
    const crashed = { ...step("ACTION", 0, 3_600), attempt: 2, executionCount: 1 };
    expect(totalsOf([{ step: crashed, callbacks: [], requests: [] }], 0)).toMatchObject({ work: 0, tries: 3_600 });
  });

  it("never says that a step which is done took no time", () => {
    expect(secondsOf(step("ACTION", 5, 5), 0)).toBe(0.001);
    expect(secondsOf(step("ACTION", 5, null), 5_000)).toBe(0);
  });

  it("draws bars to scale, and a short one so that it is seen", () => {
    const axis = axisOf({ status: "COMPLETED", startedAt: at(0), endedAt: at(100) }, [], 0);
    expect(barOf(step("ACTION", 25, 75), axis, 0)).toEqual({ x: 250, width: 500 });
    expect(barOf(step("ACTION", 100, 100), axis, 0)?.width).toBeGreaterThan(0);
    expect(barOf(step("ACTION", null, null), axis, 0)).toBeNull();
  });

  it("draws nothing outside if the clocks differ", () => {
    const axis = axisOf({ status: "RUNNING", startedAt: at(100), endedAt: null }, [], 90_000);
    const bar = barOf(step("ACTION", 101, null), axis, 90_000);
    expect(bar && bar.x >= 0 && bar.x + bar.width <= BAR).toBe(true);
  });

  it("ends with the last step of a process that failed, however long ago", () => {
    const steps = [step("ACTION", 0, 2), step("ACTION", 2, 5, "FAILED"), step("ACTION", null, null, "PENDING")];
    const states = steps.map((each) => ({ step: each, callbacks: [], requests: [] }));
    expect(axisOf({ status: "FAILED", startedAt: at(0), endedAt: null }, states, 99_000)).toEqual({ start: 0, end: 5_000 });
  });

  it("keeps the scale of an open process for a while", () => {
    const first = axisOf({ status: "RUNNING", startedAt: at(0), endedAt: null }, [], 102_000);
    expect(axisOf({ status: "RUNNING", startedAt: at(0), endedAt: null }, [], 112_000)).toEqual(first);
    expect(first.end).toBeGreaterThanOrEqual(102_000);
    expect(first.end).toBeLessThan(120_000);
  });
});
