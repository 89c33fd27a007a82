import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ProcessFilter, ProcessRowFragment } from "../../gql/graphql";
import { PAGE_SIZE, ProcessList, type Page } from "./processList";

const row = (number: number, status = "RUNNING", version = 1): ProcessRowFragment =>
  ({ id: `p${number}`, version, status, startedAt: new Date(1e12 + number * 1e3).toISOString() }) as ProcessRowFragment;

/** A server with some processes, which answers as the real one does. */
class Server {
  rows: ProcessRowFragment[] = [];
  isAway = false;
  asked = 0;

  read = async (variables: { first: number; after: string | null; filter: ProcessFilter }): Promise<Page> => {
    this.asked++;
    await Promise.resolve();
    if (this.isAway) throw new Error("away");
    const { first, after, filter } = variables;
    const all = this.rows
      .filter(({ id, status }) => (filter.ids?.includes(id) ?? true) && (filter.statuses?.includes(status) ?? true))
      .sort((a, b) => b.startedAt.localeCompare(a.startedAt));
    const begin = after === null ? 0 : Number(after);
    return { rows: all.slice(begin, begin + first), hasMore: all.length > begin + first, cursor: String(begin + first) };
  };
}

const ids = (list: ProcessList): string[] => list.get().rows.map(({ id }) => id);

describe("the list of processes", () => {
  let server: Server;
  beforeEach(() => {
    vi.useFakeTimers();
    server = new Server();
    server.rows = [row(1), row(2), row(3)];
  });
  afterEach(() => vi.useRealTimers());

  it("keeps the place of a row whose process changes, also if the filter no longer allows it", async () => {
    const list = new ProcessList(server.read, { statuses: ["RUNNING"] });
    await list.reload();
    server.rows[1] = row(2, "FAILED", 2);
    list.touch(["p2"]);
    await vi.runAllTimersAsync();
    expect(ids(list)).toEqual(["p3", "p2", "p1"]);
    expect(list.get().rows[1]?.status).toBe("FAILED");
  });

  it("lets new processes wait, and only those that the filter allows", async () => {
    const list = new ProcessList(server.read, { statuses: ["RUNNING"] });
    await list.reload();
    server.rows.push(row(4), row(5, "FAILED"), row(6));
    list.touch(["p4", "p5", "p6"]);
    await vi.runAllTimersAsync();
    expect(ids(list)).toEqual(["p3", "p2", "p1"]);
    expect(list.get().newCount).toBe(2);
    list.showNew();
    expect(ids(list)).toEqual(["p6", "p4", "p3", "p2", "p1"]);
  });

  it("offers an old process that the filter allows now, at its place", async () => {
    server.rows = [row(1, "FAILED"), row(2), row(3, "FAILED")];
    const list = new ProcessList(server.read, { statuses: ["FAILED"] });
    await list.reload();
    server.rows[1] = row(2, "FAILED", 2);
    list.touch(["p2"]);
    await vi.runAllTimersAsync();
    expect(list.get().newCount).toBe(1);
    list.showNew();
    expect(ids(list)).toEqual(["p3", "p2", "p1"]);
  });

  it("shows the first process of an empty list at once", async () => {
    server.rows = [];
    const list = new ProcessList(server.read, {});
    await list.reload();
    server.rows.push(row(1));
    list.touch(["p1"]);
    await vi.runAllTimersAsync();
    expect(ids(list)).toEqual(["p1"]);
  });

  it("never replaces a row by a lower version", async () => {
    server.rows = [row(1, "COMPLETED", 7)];
    const list = new ProcessList(server.read, {});
    await list.reload();
    server.rows = [row(1, "RUNNING", 3)];
    list.touch(["p1"]);
    await vi.runAllTimersAsync();
    expect(list.get().rows[0]?.status).toBe("COMPLETED");
  });

  it("reads a change again after the server was away", async () => {
    const list = new ProcessList(server.read, {});
    await list.reload();
    server.isAway = true;
    server.rows[0] = row(1, "FAILED", 2);
    list.touch(["p1"]);
    await vi.advanceTimersByTimeAsync(500);
    server.isAway = false;
    await vi.runAllTimersAsync();
    expect(list.get().rows.at(-1)?.status).toBe("FAILED");
  });

  it("pages without a row twice or missing while processes start", async () => {
    server.rows = Array.from({ length: 2 * PAGE_SIZE }, (_, number) => row(number));
    const list = new ProcessList(server.read, {});
    await list.reload();
    await list.more();
    expect(new Set(ids(list)).size).toBe(2 * PAGE_SIZE);
    expect(list.get().hasMore).toBe(false);
  });

  it("reads a hundred changes of one process once", async () => {
    const list = new ProcessList(server.read, {});
    await list.reload();
    const before = server.asked;
    for (let change = 0; change < 100; change++) list.touch(["p1"]);
    await vi.runAllTimersAsync();
    expect(server.asked - before).toBe(1);
  });
});
