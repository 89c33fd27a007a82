// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "./client";
import { MOST_WAITING, PAGE_SIZE, RowList, type Page, type Source } from "./rowList";

interface Row {
  id: string;
  version: number;
  at: number;
  isWanted: boolean;
}

const row = (at: number, isWanted = true, version = 1): Row => ({ id: `r${at}`, version, at, isWanted });

/** A server with some rows, which answers as the real one does. */
class Server implements Source<Row> {
  rows: Row[] = [];
  isAway = false;
  refusal: Error | null = null;
  asked = 0;
  showsNewAtOnce = false;
  /** Answers wait for this. */
  gate: Promise<void> = Promise.resolve();

  async page(first: number, after: string | null): Promise<Page<Row>> {
    const all = this.rows.filter(({ isWanted }) => isWanted).sort(this.compare);
    await this.arrive();
    const begin = after === null ? 0 : Number(after);
    return { rows: all.slice(begin, begin + first), hasMore: all.length > begin + first, cursor: String(begin + first) };
  }

  async byIds(ids: readonly string[], isFiltered: boolean): Promise<Row[]> {
    await this.arrive();
    return this.rows.filter(({ id, isWanted }) => ids.includes(id) && (isWanted || !isFiltered));
  }

  compare = (a: Row, b: Row): number => b.at - a.at;
  isOlder = (one: Row, known: Row): boolean => one.version < known.version;

  private async arrive(): Promise<void> {
    this.asked++;
    await this.gate;
    if (this.isAway) throw new Error("away");
    if (this.refusal) throw this.refusal;
  }
}

const ids = (list: RowList<Row>): string[] => list.get().rows.map(({ id }) => id);

describe("a list of rows", () => {
  let server: Server;
  let list: RowList<Row>;
  beforeEach(async () => {
    vi.useFakeTimers();
    server = new Server();
    server.rows = [row(1), row(2), row(3)];
    list = new RowList(server);
    await list.reload();
  });
  afterEach(() => vi.useRealTimers());

  const change = async (at: number, changed: Row): Promise<void> => {
    server.rows = [...server.rows.filter((each) => each.at !== at), changed];
    list.touch([`r${at}`]);
    await vi.runAllTimersAsync();
  };

  it("changes a row where it stands, also if the filter no longer allows it", async () => {
    await change(2, row(2, false, 2));
    expect(ids(list)).toEqual(["r3", "r2", "r1"]);
    expect(list.get().rows[1]?.version).toBe(2);
  });

  it("never replaces a row by an older state", async () => {
    await change(2, row(2, true, 7));
    await change(2, row(2, true, 6));
    expect(list.get().rows[1]?.version).toBe(7);
  });

  it("lets new rows wait, only those that the filter allows, until somebody wants to see them", async () => {
    await change(4, row(4));
    await change(5, row(5, false));
    expect(ids(list)).toEqual(["r3", "r2", "r1"]);
    expect(list.get().newCount).toBe(1);
    await list.showNew();
    expect(ids(list)).toEqual(["r4", "r3", "r2", "r1"]);
  });

  it("finds new rows and changes by a look at the first page", async () => {
    server.rows = [row(1), row(2, true, 2), row(3), row(4)];
    list.peekSoon();
    list.peekSoon();
    await vi.runAllTimersAsync();
    expect(server.asked).toBe(2);
    expect(ids(list)).toEqual(["r3", "r2", "r1"]);
    expect(list.get().rows[1]?.version).toBe(2);
    expect(list.get().newCount).toBe(1);
  });

  it("looks again after the server was away, so that no change is lost", async () => {
    server.isAway = true;
    server.rows = [row(1), row(2), row(3), row(4)];
    list.peekSoon();
    await vi.advanceTimersByTimeAsync(1_000);
    server.isAway = false;
    await vi.runAllTimersAsync();
    expect(list.get().newCount).toBe(1);
  });

  it("does not ask again for a list that the person may not read", async () => {
    server.refusal = new ApiError("You need READ_AUDIT.", "FORBIDDEN");
    await list.reload();
    const before = server.asked;
    list.peekSoon();
    await vi.runAllTimersAsync();
    expect(server.asked).toBe(before);
  });

  it("counts so many new rows at most, and reads the list when they are asked for", async () => {
    const newer = Array.from({ length: 3 * PAGE_SIZE }, (_, at) => row(at + 10));
    for (const count of [1, 2, 3]) {
      server.rows.push(...newer.slice((count - 1) * PAGE_SIZE, count * PAGE_SIZE));
      list.peekSoon();
      await vi.runAllTimersAsync();
      expect(list.get().newCount).toBe(Math.min(count * PAGE_SIZE, MOST_WAITING));
    }
    await list.showNew();
    expect(ids(list)).toEqual(newer.toReversed().slice(0, PAGE_SIZE).map(({ id }) => id));
  });

  it("shows new rows at once if they are what a person looks for", async () => {
    server.showsNewAtOnce = true;
    server.rows = [row(1), row(2), row(3), row(4)];
    list.peekSoon();
    await vi.runAllTimersAsync();
    expect(ids(list)).toEqual(["r4", "r3", "r2", "r1"]);
  });

  it("shows the first row of an empty list at once", async () => {
    server.rows = [];
    await list.reload();
    await change(1, row(1));
    expect(ids(list)).toEqual(["r1"]);
  });

  it("reads a change again after the server was away", async () => {
    server.isAway = true;
    server.rows = [row(1), row(2, true, 2), row(3)];
    list.touch(["r2"]);
    await vi.advanceTimersByTimeAsync(500);
    server.isAway = false;
    await vi.runAllTimersAsync();
    expect(list.get().rows[1]?.version).toBe(2);
  });

  it("pages without a row twice or missing", async () => {
    server.rows = Array.from({ length: 2 * PAGE_SIZE }, (_, at) => row(at));
    await list.reload();
    await list.more();
    expect(new Set(ids(list)).size).toBe(2 * PAGE_SIZE);
    expect(ids(list)).toHaveLength(2 * PAGE_SIZE);
    expect(list.get().hasMore).toBe(false);
  });

  it("leaves a row that belongs to a later page to that page", async () => {
    server.rows = Array.from({ length: PAGE_SIZE + 10 }, (_, at) => row(at + 100));
    await list.reload();
    await change(1, row(1));
    expect(list.get().newCount).toBe(0);
    await list.more();
    expect(ids(list).at(-1)).toBe("r1");
  });

  it("keeps the rows and tells the problem if a reading fails", async () => {
    server.isAway = true;
    await list.reload();
    expect(ids(list)).toHaveLength(3);
    expect(list.get().error?.message).toBe("away");
  });

  it("takes the answer to the last question, whichever comes last", async () => {
    let open = (): void => undefined;
    server.gate = new Promise((resolve) => (open = resolve));
    const slow = list.reload();
    server.gate = Promise.resolve();
    server.rows = [row(9)];
    await list.reload();
    open();
    await slow;
    expect(ids(list)).toEqual(["r9"]);
  });
});
