// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MOST_WAITING, PAGE_SIZE, RowList, type Page } from "../../api/rowList";
import type { ProcessFilter, ProcessRowFragment } from "../../gql/graphql";
import { compare, orderOf } from "./orders";
import { sourceOf, type Wanted } from "./source";

type ProcessList = RowList<ProcessRowFragment>;

const timeOf = (number: number): string => new Date(1e12 + number * 1e3).toISOString();

const row = (number: number, status = "RUNNING", version = 1): ProcessRowFragment =>
  ({ id: `p${number}`, version, status, startedAt: timeOf(number), updatedAt: timeOf(number) }) as ProcessRowFragment;

/** A server with some processes, which answers as the real one does. */
class Server {
  rows: ProcessRowFragment[] = [];
  isAway = false;
  asked = 0;
  private gate: Promise<void> | null = null;

  /** Begin what reads, and answer it only when the returned function is called: with what was true at the beginning. */
  slowly(begin: () => Promise<void>): () => Promise<void> {
    let open = (): void => undefined;
    this.gate = new Promise((resolve) => (open = resolve));
    const ended = begin();
    this.gate = null;
    return () => (open(), ended);
  }

  read = async (variables: Wanted): Promise<Page<ProcessRowFragment>> => {
    this.asked++;
    const { gate } = this;
    const answer = this.answer(variables);
    await gate;
    if (this.isAway) throw new Error("away");
    return answer;
  };

  private answer(variables: Wanted): Page<ProcessRowFragment> {
    const { first, after, filter, order } = variables;
    const all = this.rows
      .filter(({ id, status }) => (filter.ids?.includes(id) ?? true) && (filter.statuses?.includes(status) ?? true))
      .sort((a, b) => compare(order, a, b));
    const begin = after === null ? 0 : Number(after);
    return { rows: all.slice(begin, begin + first), hasMore: all.length > begin + first, cursor: String(begin + first) };
  }
}

async function listOf(server: Server, filter: ProcessFilter, order = ""): Promise<ProcessList> {
  const list = new RowList(sourceOf(filter, orderOf(order), server.read));
  await list.reload();
  return list;
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
    const list = await listOf(server, { statuses: ["RUNNING"] });
    server.rows[1] = row(2, "FAILED", 2);
    list.touch(["p2"]);
    await vi.runAllTimersAsync();
    expect(ids(list)).toEqual(["p3", "p2", "p1"]);
    expect(list.get().rows[1]?.status).toBe("FAILED");
    expect([...list.get().strays]).toEqual(["p2"]);
    server.rows[1] = row(2, "RUNNING", 3);
    list.touch(["p2"]);
    await vi.runAllTimersAsync();
    expect(list.get().strays.size).toBe(0);
  });

  it("drops the strays when it is read again", async () => {
    const list = await listOf(server, { statuses: ["RUNNING"] });
    server.rows[1] = row(2, "FAILED", 2);
    list.touch(["p2"]);
    await vi.runAllTimersAsync();
    await list.reload();
    expect(ids(list)).toEqual(["p3", "p1"]);
    expect(list.get().strays.size).toBe(0);
  });

  it("no longer counts a new process that the filter stopped to allow before it was shown", async () => {
    const list = await listOf(server, { statuses: ["RUNNING"] });
    server.rows.push(row(4), row(5));
    list.touch(["p4", "p5"]);
    await vi.runAllTimersAsync();
    server.rows[3] = row(4, "COMPLETED", 2);
    list.touch(["p4"]);
    await vi.runAllTimersAsync();
    expect(list.get().newCount).toBe(1);
    await list.showNew();
    expect(ids(list)).toEqual(["p5", "p3", "p2", "p1"]);
  });

  it.each([["the first filter", false], ["another filter", true]])(
    "begins one new edition for %s if a reload overtakes its reading",
    async (_, isSecond) => {
      const list = isSecond ? await listOf(server, {}) : new RowList(sourceOf({}, orderOf(""), server.read));
      const { edition } = list.get();
      const answer = server.slowly(() => list.show(sourceOf({ statuses: ["RUNNING"] }, orderOf(""), server.read)));
      await list.reload();
      await answer();
      expect(list.get().edition).toBe(edition + 1);
      await list.reload();
      expect(list.get().edition).toBe(edition + 1);
    },
  );

  it("keeps the rows while another filter is read, then begins a new edition", async () => {
    const list = await listOf(server, {});
    const { edition } = list.get();
    const reading = list.show(sourceOf({ statuses: ["FAILED"] }, orderOf(""), server.read));
    expect(ids(list)).toHaveLength(3);
    await reading;
    expect(ids(list)).toEqual([]);
    expect(list.get().edition).toBe(edition + 1);
  });

  it("throws away the answer to a former filter that arrives late", async () => {
    const list = await listOf(server, {});
    const former = server.slowly(list.show.bind(list, sourceOf({ statuses: ["RUNNING"] }, orderOf(""), server.read)));
    await list.show(sourceOf({ statuses: ["FAILED"] }, orderOf(""), server.read));
    await former();
    expect(ids(list)).toEqual([]);
  });

  it("does not lose a process that starts while the list is read", async () => {
    const list = await listOf(server, {});
    const reading = server.slowly(() => list.reload());
    server.rows.push(row(4));
    list.touch(["p4"]);
    await vi.advanceTimersByTimeAsync(500);
    await reading();
    await vi.runAllTimersAsync();
    expect(list.get().newCount).toBe(1);
  });

  it("follows so many new processes at most, and reads the list when they are asked for", async () => {
    const list = await listOf(server, {});
    const many = Array.from({ length: 3 * MOST_WAITING }, (_, number) => row(number + 10));
    server.rows.push(...many);
    list.touch(many.map(({ id }) => id));
    await vi.runAllTimersAsync();
    expect(list.get().newCount).toBe(MOST_WAITING);
    const before = server.asked;
    list.touch(many.slice(-50).map(({ id }) => id));
    await vi.runAllTimersAsync();
    expect(server.asked - before).toBeLessThanOrEqual(1);
    await list.showNew();
    expect(ids(list)[0]).toBe(many.at(-1)?.id);
    expect(list.get().rows).toHaveLength(PAGE_SIZE);
  });

  it("tries again by itself after the first reading failed", async () => {
    server.isAway = true;
    const list = await listOf(server, {});
    expect(list.get().error?.message).toBe("away");
    server.isAway = false;
    await vi.runAllTimersAsync();
    expect(ids(list)).toHaveLength(3);
    expect(list.get().error).toBeNull();
  });

  it("lets new processes wait, and only those that the filter allows", async () => {
    const list = await listOf(server, { statuses: ["RUNNING"] });
    server.rows.push(row(4), row(5, "FAILED"), row(6));
    list.touch(["p4", "p5", "p6"]);
    await vi.runAllTimersAsync();
    expect(ids(list)).toEqual(["p3", "p2", "p1"]);
    expect(list.get().newCount).toBe(2);
    const { edition } = list.get();
    await list.showNew();
    expect(ids(list)).toEqual(["p6", "p4", "p3", "p2", "p1"]);
    expect(list.get().edition).toBe(edition + 1);
  });

  it("offers an old process that the filter allows now, at its place", async () => {
    server.rows = [row(1, "FAILED"), row(2), row(3, "FAILED")];
    const list = await listOf(server, { statuses: ["FAILED"] });
    server.rows[1] = row(2, "FAILED", 2);
    list.touch(["p2"]);
    await vi.runAllTimersAsync();
    expect(list.get().newCount).toBe(1);
    await list.showNew();
    expect(ids(list)).toEqual(["p3", "p2", "p1"]);
  });

  it("shows the first process of an empty list at once", async () => {
    server.rows = [];
    const list = await listOf(server, {});
    server.rows.push(row(1));
    list.touch(["p1"]);
    await vi.runAllTimersAsync();
    expect(ids(list)).toEqual(["p1"]);
  });

  it("never replaces a row by a lower version", async () => {
    server.rows = [row(1, "COMPLETED", 7)];
    const list = await listOf(server, {});
    server.rows = [row(1, "RUNNING", 3)];
    list.touch(["p1"]);
    await vi.runAllTimersAsync();
    expect(list.get().rows[0]?.status).toBe("COMPLETED");
  });

  it("reads a change again after the server was away", async () => {
    const list = await listOf(server, {});
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
    const list = await listOf(server, {});
    await list.more();
    expect(new Set(ids(list)).size).toBe(2 * PAGE_SIZE);
    expect(list.get().hasMore).toBe(false);
  });

  it("does not offer a process of a page that is not read yet as new", async () => {
    server.rows = Array.from({ length: PAGE_SIZE + 10 }, (_, number) => row(number));
    const list = await listOf(server, {});
    server.rows[3] = row(3, "RUNNING", 2);
    list.touch(["p3"]);
    await vi.runAllTimersAsync();
    expect(list.get().newCount).toBe(0);
  });

  it("reads a hundred changes of one process once", async () => {
    const list = await listOf(server, {});
    const before = server.asked;
    for (let change = 0; change < 100; change++) list.touch(["p1"]);
    await vi.runAllTimersAsync();
    expect(server.asked - before).toBe(1);
  });

  it.each([
    ["", ["p3", "p2", "p1"], ["p4", "p3", "p2", "p1"]],
    ["oldest", ["p1", "p2", "p3"], ["p1", "p2", "p3", "p4"]],
    ["changed", ["p1", "p3", "p2"], ["p4", "p1", "p3", "p2"]],
    ["unchanged", ["p2", "p3", "p1"], ["p2", "p3", "p1", "p4"]],
  ])("has the order %o, also for what is new", async (order, before, after) => {
    server.rows = [{ ...row(1), updatedAt: timeOf(10) }, row(2), row(3)];
    const list = await listOf(server, {}, order);
    expect(ids(list)).toEqual(before);
    server.rows.push({ ...row(4), updatedAt: timeOf(11) });
    list.touch(["p4"]);
    await vi.runAllTimersAsync();
    expect(list.get().newCount).toBe(1);
    await list.showNew();
    expect(ids(list)).toEqual(after);
  });

  it("leaves a new process to a later page if the order puts it there", async () => {
    server.rows = Array.from({ length: PAGE_SIZE + 5 }, (_, number) => row(number));
    const list = await listOf(server, {}, "oldest");
    server.rows.push(row(1_000));
    list.touch(["p1000"]);
    await vi.runAllTimersAsync();
    expect(list.get().newCount).toBe(0);
    await list.more();
    expect(ids(list).at(-1)).toBe("p1000");
  });
});
