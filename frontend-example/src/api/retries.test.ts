// @vitest-environment jsdom
import { expect, it } from "vitest";
import { ApiError } from "./client";
import { Retries } from "./retries";

it("waits longer and longer for a server that refuses, and never long for one that is away", () => {
  const retries = new Retries();
  const waits = (problem: unknown, count: number) => Array.from({ length: count }, () => retries.after(problem));
  const [refusal, away] = [new ApiError("no", "FORBIDDEN"), new ApiError("The server does not answer.")];
  expect(waits(refusal, 6)).toEqual([2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  expect(waits(away, 3)).toEqual([2_000, 2_000, 2_000]);
  expect(waits(refusal, 2)).toEqual([2_000, 4_000]);
  retries.succeeded();
  expect(waits(refusal, 1)).toEqual([2_000]);
});
