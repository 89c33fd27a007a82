import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { learnServerTime, serverNow } from "./serverClock";

const START = Date.UTC(2026, 1, 28, 23, 59, 30);
const HOUR = 3_600_000;

/** A response that took so long, of a server whose clock is ahead of this machine's. */
function respond(ahead: number, took: number): void {
  const sentAt = Date.now();
  vi.advanceTimersByTime(took);
  learnServerTime(new Date(sentAt + took / 2 + ahead).toUTCString(), sentAt);
}

describe("the clock of the server", () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: START });
    respond(0, 0);
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  it.each([-26 * HOUR, -HOUR, -10_000, 0, 10_000, HOUR, 400 * HOUR])("is found if it is %i ms ahead", (ahead) => {
    respond(ahead, 120);

    expect(Math.abs(serverNow() - Date.now() - ahead)).toBeLessThan(2_000);
  });

  it("is this machine's if they may be the same, however slow a response is", () => {
    for (const took of [0, 120, 59_000]) respond(0, took);

    expect(serverNow()).toBe(Date.now());
  });

  it("does not jump from response to response, and follows a clock that was set", () => {
    respond(HOUR, 120);
    const found = serverNow() - Date.now();
    for (const took of [3, 900, 40_000]) respond(HOUR, took);
    expect(serverNow() - Date.now()).toBe(found);

    respond(0, 120);
    expect(serverNow()).toBe(Date.now());
  });

  it("stays what it is without a date that can be read", () => {
    for (const date of [null, "", "yesterday"]) learnServerTime(date, Date.now());

    expect(serverNow()).toBe(Date.now());
  });
});
