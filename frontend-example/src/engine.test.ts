import { expect, test } from "vitest";
import { lacksWorkers } from "./engine";

const WAITING = { state: "RUNNING", workers: [], queuedProcesses: 1, lagSeconds: 6 } as const;

test("processes that wait while no worker is alive are an alarm", () => {
  expect(lacksWorkers({ ...WAITING, workers: [] })).toBe(true);
});

test.each([
  ["a worker is alive", { workers: [{ name: "w" }] }],
  ["nothing waits", { queuedProcesses: 0, lagSeconds: 0 }],
  ["a worker may just be starting", { lagSeconds: 2 }],
  ["a pause is the reason, and has a banner of its own", { state: "PAUSED" as const }],
])("it is no alarm if %s", (_, change) => {
  expect(lacksWorkers({ ...WAITING, workers: [], ...change })).toBe(false);
});
