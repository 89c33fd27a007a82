import { describe, expect, it } from "vitest";
import { countWords, reasonOf, rowsOf, sorted } from "./callbackTable";
import type { Callback } from "./processModel";

const callback = (name: string, status: string, expiresAt: string | null = null): Callback =>
  ({ id: `${name}-${status}`, name, status, expiresAt, failure: null, validation: null }) as Callback;

const NOW = Date.parse("2026-01-01T12:00:00Z");
const names = (callbacks: Callback[], late: string[] = []): string[] =>
  sorted(rowsOf(callbacks), new Set(late), NOW).map((row) => row.callback.name ?? "");

describe("the table of callbacks", () => {
  it("has one row a name, with what was issued before", () => {
    const [row] = rowsOf([callback("a", "WITHDRAWN"), callback("a", "PENDING")]);
    expect(row?.callback.status).toBe("PENDING");
    expect(row?.earlier.map(({ status }) => status)).toEqual(["WITHDRAWN"]);
  });

  it("puts what needs attention first", () => {
    const all = [
      callback("good", "VALIDATED"),
      callback("waiting", "PENDING"),
      callback("overdue", "PENDING", "2026-01-01T11:00:00Z"),
      callback("failed", "FAILED_BY_REMOTE"),
      callback("late", "EXPIRED"),
    ];
    expect(names(all, ["late"])).toEqual(["late", "failed", "overdue", "waiting", "good"]);
  });

  it("keeps the order of the workflow among equals", () => {
    expect(names(["c", "a", "b"].map((name) => callback(name, "PENDING")))).toEqual(["c", "a", "b"]);
  });

  it("counts what is answered", () => {
    expect(countWords(rowsOf([callback("a", "VALIDATED"), callback("b", "EXPIRED"), callback("c", "PENDING")]))).toBe(
      "1 of 3 answered, 1 failed",
    );
  });

  it("gives a reason only if the status does not say it", () => {
    const failure = { code: "no-space", message: "The flash is full." };
    const failed = (status: string): Callback => ({ ...callback("a", status), failure }) as Callback;
    expect(["FAILED_BY_REMOTE", "EXPIRED", "HEARTBEAT_LOST"].map((status) => reasonOf(failed(status)))).toEqual([
      "The flash is full.",
      null,
      null,
    ]);
  });
});
