// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ProcessModel, type Callback, type Changed, type Head, type Source, type Step, type Whole } from "./processModel";

const step = (index: number, status = "PENDING"): Step => ({ id: `s${index}`, index, name: `Step ${index}`, status }) as Step;

const callback = (id: string, status = "PENDING"): Callback => ({ id, status, progress: null }) as Callback;

const report = (message: string, second: number) => ({
  percent: null,
  message,
  reportedAt: `2026-01-01T00:00:${String(second).padStart(2, "0")}Z`,
});

interface Logged {
  steps?: number[];
  callbacks?: string[];
  progress?: { callbackId: string; progress: ReturnType<typeof report> };
}

/** A server with one process of four steps, which answers as the real one does: positions are numbers of events. */
class Server implements Source {
  version = 1;
  status = "RUNNING";
  steps = [0, 1, 2, 3].map((index) => step(index));
  callbacks = [callback("a"), callback("b")];
  log: Logged[] = [];
  isAway = false;
  isGone = false;
  hasStream = true;
  /** Events before this one are not stored any more. */
  oldest = 0;
  wholeReads = 0;
  changeReads = 0;
  /** Answers wait here until the test lets them go. */
  gate: Promise<void> = Promise.resolve();

  happen(event: Logged, change: () => void = () => undefined): void {
    change();
    this.version++;
    this.log.push(event);
  }

  position = (): string | null => (this.hasStream ? String(this.log.length) : null);

  private head = (): Head => ({ id: "p", version: this.version, status: this.status }) as Head;

  async whole(): Promise<Whole | null> {
    this.wholeReads++;
    const { isAway, isGone } = this;
    const found = this.steps.map((each) => ({ ...each, callbacks: each.index === 1 ? this.callbacks : [], inputRequests: [] }));
    const answer = { ...this.head(), steps: found } as Whole;
    await this.gate;
    if (isAway) throw new Error("away");
    return isGone ? null : answer;
  }

  async changes(after: string): Promise<Changed | null> {
    this.changeReads++;
    if (this.isAway) throw new Error("away");
    const events = this.log.slice(Number(after));
    const indexes = new Set(events.flatMap(({ steps = [] }) => steps));
    const ids = new Set(events.flatMap(({ callbacks = [] }) => callbacks));
    const answer = {
      ...this.head(),
      changes: {
        cursor: String(this.log.length),
        hasMore: false,
        reset: Number(after) < this.oldest,
        stepCount: this.steps.length,
        events: events.map(({ progress }) => progress ?? {}),
        steps: this.steps.filter(({ index }) => indexes.has(index)),
        callbacks: this.callbacks.filter(({ id }) => ids.has(id)).map((each) => ({ ...each, step: { index: 1 } })),
        inputRequests: [],
      },
    } as unknown as Changed;
    await this.gate;
    return answer;
  }

  run(index: number, status: string): void {
    this.happen({ steps: [index] }, () => (this.steps = this.steps.map((each) => (each.index === index ? step(index, status) : each))));
  }
}

describe("the model of one process", () => {
  let server: Server;
  let model: ProcessModel;
  const statuses = (): string => model.get().steps.map(({ step: each }) => each.status).join();
  const settle = (): Promise<unknown> => vi.runAllTimersAsync();

  beforeEach(async () => {
    vi.useFakeTimers();
    server = new Server();
    model = new ProcessModel(server);
    model.open();
    await settle();
  });
  afterEach(() => vi.useRealTimers());

  it("reads the whole once, and then only what changed", async () => {
    server.run(0, "SUCCESS");
    model.touch();
    await settle();
    server.run(1, "RUNNING");
    model.touch();
    await settle();
    expect(statuses()).toBe("SUCCESS,RUNNING,PENDING,PENDING");
    expect(server.wholeReads).toBe(1);
  });

  it("keeps the objects of steps that did not change", async () => {
    const before = model.get().steps;
    server.run(2, "RUNNING");
    model.touch();
    await settle();
    expect(model.get().steps[1]).toBe(before[1]);
    expect(model.get().steps[2]).not.toBe(before[2]);
  });

  it("throws an answer with a lower version away, and asks again", async () => {
    server.version = 9;
    server.run(0, "SUCCESS");
    model.touch();
    await settle();
    const [newest, position, readings] = [server.version, server.log.length, server.changeReads];
    // A replica that lags behind answers once.
    server.version = 4;
    server.status = "CREATED";
    server.run(0, "RUNNING");
    model.touch();
    await vi.advanceTimersByTimeAsync(300);
    expect(server.changeReads).toBe(readings + 1);
    expect(statuses()).toBe("SUCCESS,PENDING,PENDING,PENDING");
    expect(model.get().head?.status).toBe("RUNNING");
    server.version = newest + 1;
    server.status = "FAILED";
    server.steps[0] = step(0, "FAILED");
    await settle();
    expect(server.log.length).toBeGreaterThan(position);
    expect(statuses()).toBe("FAILED,PENDING,PENDING,PENDING");
    expect(model.get().head?.status).toBe("FAILED");
  });

  it("never replaces a report of progress by an older one", async () => {
    server.happen({ progress: { callbackId: "a", progress: report("new", 9) } });
    server.happen({ progress: { callbackId: "a", progress: report("old", 3) } });
    model.touch();
    await settle();
    expect(model.get().steps[1]?.callbacks[0]?.progress?.message).toBe("new");
  });

  it("reads again until an answer holds no change, because the head may be older than its changes", async () => {
    server.run(0, "SUCCESS");
    const honest = server.changes.bind(server);
    vi.spyOn(server, "changes").mockImplementationOnce(async (after) => {
      const answer = await honest(after);
      return answer && { ...answer, version: answer.version - 1, status: "CREATED" };
    });
    model.touch();
    await settle();
    expect(model.get().head?.status).toBe("RUNNING");
  });

  it("reads the whole again after a reset, and lower versions are true then", async () => {
    server.run(0, "SUCCESS");
    server.run(1, "RUNNING");
    model.touch();
    await settle();
    server.oldest = 99;
    server.version = 1;
    server.steps = [0, 1, 2, 3].map((index) => step(index));
    model.touch();
    await settle();
    expect(statuses()).toBe("PENDING,PENDING,PENDING,PENDING");
    expect(model.get().head?.version).toBe(1);
  });

  it("reads the whole again if the number of steps changed", async () => {
    server.steps = [...server.steps, step(4)];
    server.happen({});
    model.touch();
    await settle();
    expect(model.get().steps).toHaveLength(5);
    expect(server.wholeReads).toBe(2);
  });

  it("misses nothing that happens while the whole is read", async () => {
    let open = (): void => undefined;
    server.gate = new Promise((resolve) => (open = resolve));
    model.touch(true);
    await vi.advanceTimersByTimeAsync(10);
    server.run(3, "RUNNING");
    model.touch();
    open();
    await settle();
    expect(statuses()).toBe("PENDING,PENDING,PENDING,RUNNING");
  });

  it("catches up after the server was away", async () => {
    server.isAway = true;
    server.run(0, "SUCCESS");
    model.touch();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(model.get().error?.message).toBe("away");
    expect(statuses()).toBe("PENDING,PENDING,PENDING,PENDING");
    server.isAway = false;
    await settle();
    expect(model.get().error).toBeNull();
    expect(statuses()).toBe("SUCCESS,PENDING,PENDING,PENDING");
    expect(server.wholeReads).toBe(1);
  });

  it("reads a hundred changes in few readings", async () => {
    for (let change = 0; change < 100; change++) {
      server.happen({ progress: { callbackId: "b", progress: report(String(change), Math.floor(change / 2)) } });
      model.touch();
      await vi.advanceTimersByTimeAsync(10);
    }
    await settle();
    expect(model.get().steps[1]?.callbacks[1]?.progress?.message).toBe("99");
    expect(server.changeReads).toBeLessThan(6);
  });

  it("says that a process is gone", async () => {
    server.isGone = true;
    model.touch(true);
    await settle();
    expect(model.get()).toMatchObject({ isMissing: true, head: null });
  });

  it("does nothing after it was closed", async () => {
    model.close();
    server.run(0, "SUCCESS");
    model.touch();
    await settle();
    expect(server.changeReads).toBe(0);
  });
});
