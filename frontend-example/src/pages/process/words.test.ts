import { describe, expect, it } from "vitest";
import { withTries } from "./words";

const triesOf = (first: number, ...attempts: number[]): number[] =>
  withTries(attempts.map((attempt, at) => ({ number: first + at, attempt }))).map(({ tries }) => tries);

describe("the tries of an execution", () => {
  it("are its own, though the server counts those of all executions", () => {
    expect(triesOf(1, 1, 2, 4)).toEqual([1, 1, 2]);
    expect(triesOf(1, 3, 4)).toEqual([3, 1]);
  });

  it("are counted anew after the process was sent back", () => {
    expect(triesOf(1, 3, 1, 3)).toEqual([3, 1, 2]);
  });

  it("are at least one, if the executions before did not come", () => {
    expect(triesOf(51, 60, 61)).toEqual([1, 1]);
  });
});
