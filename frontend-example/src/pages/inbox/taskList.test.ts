// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { merged, TaskList, type Reads, type Task } from "./taskList";
import { outcomeOf } from "./words";

const task = (id: string, version = 1, more: Partial<Task> = {}): Task =>
  ({ id, version, status: "OPEN", decisions: [], claimedBy: null, assignee: { key: "NOC", name: "Network" }, ...more }) as Task;

const row = (id: string, version = 1) => ({ task: task(id, version), isGone: false });

describe("the rows after a reading", () => {
  it("stay in their order, also if the server has another", () => {
    const rows = merged([row("a"), row("b")], [task("b", 2), task("a")], []);
    expect(rows.map(({ task: { id, version } }) => [id, version])).toEqual([
      ["a", 1],
      ["b", 2],
    ]);
  });

  it("keep a task that no longer waits, with how it ended, and get a new one at their end", () => {
    const decided = task("a", 2, { status: "SUBMITTED" });
    const rows = merged([row("a"), row("b")], [task("b"), task("c")], [decided]);
    expect(rows.map(({ task: { id, status }, isGone }) => [id, status, isGone])).toEqual([
      ["a", "SUBMITTED", true],
      ["b", "OPEN", false],
      ["c", "OPEN", false],
    ]);
  });

  it("take no lower version, and open a task again that waits again", () => {
    const rows = merged([{ task: task("a", 3), isGone: true }], [task("a", 2)], []);
    expect(rows).toEqual([row("a", 3)]);
  });
});

describe("the end of a task in words", () => {
  it.each([
    [{ status: "SUBMITTED", decisions: [{ by: { name: "Bob" }, policy: null, verdict: "APPROVED", at: "" }] }, "Confirmed by Bob"],
    [{ status: "REJECTED", decisions: [{ by: null, policy: "night", verdict: "REJECTED", at: "" }] }, "Rejected by the policy night"],
    [{ status: "WITHDRAWN" }, "Withdrawn: nothing is asked any more"],
    [{ claimedBy: { id: "b", name: "Bob" } }, "Claimed by Bob"],
    [{}, "For Network"],
  ] as const)("%j: %s", (more, words) => {
    expect(outcomeOf(task("a", 1, more as Partial<Task>))).toBe(words);
  });
});

class Server {
  open: Task[] = [task("a"), task("b")];
  closed: Task[] = [];
  asked = 0;
  isAway = false;

  reads: Reads = {
    open: async () => {
      this.asked++;
      const tasks = this.open;
      await new Promise((resolve) => setTimeout(resolve, 10));
      if (this.isAway) throw new Error("away");
      return { tasks, hasMore: false };
    },
    byId: async (ids) => [...this.open, ...this.closed].filter(({ id }) => ids.includes(id)),
  };
}

const shownIds = (list: TaskList): string[] => list.get().rows.map(({ task: { id } }) => id);

describe("the list of tasks", () => {
  let server: Server;
  let list: TaskList;
  beforeEach(async () => {
    vi.useFakeTimers();
    server = new Server();
    list = new TaskList(server.reads);
    void list.filterBy({ mine: true });
    await vi.runAllTimersAsync();
  });
  afterEach(() => vi.useRealTimers());

  it("keeps a decided task until it is refreshed", async () => {
    server.closed = [task("a", 2, { status: "SUBMITTED" })];
    server.open = [task("b")];
    list.touch();
    await vi.runAllTimersAsync();
    expect(list.get().rows[0]).toMatchObject({ isGone: true, task: { status: "SUBMITTED" } });
    void list.refresh();
    await vi.runAllTimersAsync();
    expect(shownIds(list)).toEqual(["b"]);
  });

  it("reads many changes once, and those during a reading once more", async () => {
    const before = server.asked;
    for (let change = 0; change < 20; change++) list.touch();
    await vi.advanceTimersByTimeAsync(125);
    for (let change = 0; change < 20; change++) list.touch();
    await vi.runAllTimersAsync();
    expect(server.asked - before).toBe(2);
  });

  it("throws away the answer to a former filter", async () => {
    void list.filterBy({ mine: true });
    server.open = [task("z")];
    void list.filterBy({});
    await vi.runAllTimersAsync();
    expect(shownIds(list)).toEqual(["z"]);
  });

  it("reads a change again after the server was away", async () => {
    server.isAway = true;
    list.touch();
    await vi.advanceTimersByTimeAsync(200);
    expect(list.get().error?.message).toBe("away");
    expect(shownIds(list)).toEqual(["a", "b"]);
    server.isAway = false;
    server.open = [task("a"), task("b"), task("c")];
    await vi.runAllTimersAsync();
    expect(shownIds(list)).toEqual(["a", "b", "c"]);
    expect(list.get().error).toBeNull();
  });
});
