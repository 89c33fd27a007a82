/**
 * The open tasks that a filter allows: the overdue ones first, then the oldest. Rows change in place; a task that was decided
 * meanwhile stays where it is, with its outcome, until the list is read again; a new one comes at the end.
 */
import { Unauthenticated } from "../../api/client";
import { Retries } from "../../api/retries";
import type { InboxTaskFragment, InputRequestFilter } from "../../gql/graphql";

export type Task = InboxTaskFragment;

export interface TaskRow {
  task: Task;
  /** The filter no longer allows it: it was decided, or claimed by somebody else. */
  isGone: boolean;
}

export interface Shown {
  rows: readonly TaskRow[];
  hasMore: boolean;
  isReading: boolean;
  isLoaded: boolean;
  error: Error | null;
}

export interface Reads {
  /** The first open tasks of the filter, in order. */
  open: (filter: InputRequestFilter, first: number) => Promise<{ tasks: readonly Task[]; hasMore: boolean }>;
  /** Some tasks, whatever their status. */
  byId: (ids: readonly string[]) => Promise<readonly Task[]>;
}

const PAGE_SIZE = 50;
export const MOST_SHOWN = 200;
const GATHER = 120;

/** The rows with what was read: `open` are those that the filter allows, `others` are shown rows that it no longer allows. */
export function merged(shown: readonly TaskRow[], open: readonly Task[], others: readonly Task[]): TaskRow[] {
  const isOpen = new Map(open.map((task) => [task.id, task]));
  const known = new Map(others.map((task) => [task.id, task]));
  const rows = shown.map(({ task }) => {
    const now = isOpen.get(task.id);
    return { task: newer(task, now ?? known.get(task.id)), isGone: now === undefined };
  });
  const ids = new Set(shown.map(({ task }) => task.id));
  return [...rows, ...open.filter(({ id }) => !ids.has(id)).map((task) => ({ task, isGone: false }))];
}

const newer = (before: Task, after: Task | undefined): Task => (after && after.version >= before.version ? after : before);

export class TaskList {
  private filter: InputRequestFilter = {};
  private size = PAGE_SIZE;
  private generation = 0;
  private isBusy = false;
  private isDue = false;
  private isClosed = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly retries = new Retries();
  private readonly listeners = new Set<() => void>();
  private snapshot: Shown = { rows: [], hasMore: false, isReading: true, isLoaded: false, error: null };

  constructor(private readonly reads: Reads) {}

  readonly get = (): Shown => this.snapshot;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  async filterBy(filter: InputRequestFilter): Promise<void> {
    Object.assign(this, { filter, size: PAGE_SIZE, isClosed: false });
    await this.refresh();
  }

  /** Read the list again: decided tasks leave, and the order is right again. */
  async refresh(): Promise<void> {
    this.generation++;
    await this.read(true);
  }

  async more(): Promise<void> {
    this.size = Math.min(MOST_SHOWN, this.size + PAGE_SIZE);
    this.generation++;
    await this.read(false);
  }

  /** A task changed: read soon. */
  touch(wait = GATHER): void {
    if (this.isClosed) return;
    if (this.isBusy) this.isDue = true;
    else this.timer ??= setTimeout(() => void this.read(false), wait);
  }

  close(): void {
    this.isClosed = true;
    this.generation++;
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private async read(isAnew: boolean): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { generation, filter, size } = this;
    this.isBusy = true;
    this.isDue = false;
    this.publish({ isReading: true });
    try {
      const rows = await this.readRows(filter, size, isAnew);
      if (generation !== this.generation) return;
      this.retries.succeeded();
      this.publish({ ...rows, isReading: false, isLoaded: true, error: null });
    } catch (problem) {
      if (generation !== this.generation) return;
      this.publish({ isReading: false, error: problem as Error });
      this.retry(problem, isAnew);
    }
    this.isBusy = false;
    if (this.isDue) this.touch();
  }

  private retry(problem: unknown, isAnew: boolean): void {
    // Sign-in is asked for once for the whole page, and reads everything again.
    if (this.isClosed || problem instanceof Unauthenticated) return;
    this.timer ??= setTimeout(() => void this.read(isAnew), this.retries.after(problem));
  }

  private async readRows(filter: InputRequestFilter, size: number, isAnew: boolean): Promise<Pick<Shown, "rows" | "hasMore">> {
    const { tasks, hasMore } = await this.reads.open(filter, size);
    const shown = isAnew ? [] : this.snapshot.rows;
    const open = new Set(tasks.map(({ id }) => id));
    const missing = shown.map(({ task }) => task.id).filter((id) => !open.has(id));
    return { rows: merged(shown, tasks, missing.length ? await this.reads.byId(missing) : []), hasMore };
  }

  private publish(change: Partial<Shown>): void {
    if (this.isClosed) return;
    this.snapshot = { ...this.snapshot, ...change };
    for (const listener of [...this.listeners]) listener();
  }
}
