/**
 * The processes that a filter allows, newest first. Rows change in place and never move: new processes wait behind a button,
 * and a process that the filter no longer allows stays until the list is read again.
 */
import type { ProcessFilter, ProcessRowFragment } from "../../gql/graphql";

export const PAGE_SIZE = 50;

/** Processes that are read together after they changed; the server answers at most so many. */
const MOST_AT_ONCE = 100;
const GATHER = 120;
const RETRY_AFTER = 2_000;

export interface Page {
  rows: readonly ProcessRowFragment[];
  hasMore: boolean;
  cursor: string | null;
}

export type Read = (variables: { first: number; after: string | null; filter: ProcessFilter }) => Promise<Page>;

export interface Shown {
  rows: readonly ProcessRowFragment[];
  /** New processes that the filter allows and that are not shown yet. */
  newCount: number;
  hasMore: boolean;
  isReading: boolean;
  error: Error | null;
}

export class ProcessList {
  private ids: string[] = [];
  private readonly known = new Map<string, ProcessRowFragment>();
  private waiting: string[] = [];
  private cursor: string | null = null;
  private hasMore = false;
  private error: Error | null = null;
  private isReading = false;
  private isGone = false;
  private readonly changed = new Set<string>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly listeners = new Set<() => void>();
  private snapshot: Shown = { rows: [], newCount: 0, hasMore: false, isReading: true, error: null };

  constructor(
    private readonly read: Read,
    private readonly filter: ProcessFilter,
  ) {}

  readonly get = (): Shown => this.snapshot;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Read the list from its beginning, as long as it was. */
  async reload(): Promise<void> {
    const wanted = Math.max(PAGE_SIZE, Math.min(this.ids.length, 4 * PAGE_SIZE));
    await this.attempt(async () => {
      const page = await this.read({ first: wanted, after: null, filter: this.filter });
      this.known.clear();
      this.ids = [];
      this.waiting = [];
      this.append(page);
    });
  }

  /** Read the page after the last row. */
  async more(): Promise<void> {
    if (this.isReading || !this.hasMore) return;
    await this.attempt(async () =>
      this.append(await this.read({ first: PAGE_SIZE, after: this.cursor, filter: this.filter })),
    );
  }

  /** Put the new processes in their places. */
  showNew(): void {
    this.ids = [...this.waiting, ...this.ids].sort((a, b) => this.order(a, b));
    this.waiting = [];
    this.publish();
  }

  /** These processes changed: read them soon, together. */
  touch(ids: Iterable<string>): void {
    for (const id of ids) this.changed.add(id);
    if (this.changed.size) this.timer ??= setTimeout(() => void this.catchUp(), GATHER);
  }

  close(): void {
    this.isGone = true;
    clearTimeout(this.timer);
  }

  private async catchUp(): Promise<void> {
    const ids = [...this.changed].slice(0, MOST_AT_ONCE);
    for (const id of ids) this.changed.delete(id);
    let wait = GATHER;
    try {
      const shown = ids.filter((id) => this.known.has(id));
      const strangers = ids.filter((id) => !this.known.has(id));
      const [changed, matching] = await Promise.all([
        shown.length ? this.read({ first: shown.length, after: null, filter: { ids: shown } }) : null,
        strangers.length
          ? this.read({ first: strangers.length, after: null, filter: { ...this.filter, ids: strangers } })
          : null,
      ]);
      this.keep(changed?.rows ?? []);
      this.add(matching?.rows ?? []);
    } catch {
      for (const id of ids) this.changed.add(id);
      wait = RETRY_AFTER;
    }
    this.timer = undefined;
    if (this.isGone) return;
    if (this.changed.size) this.timer = setTimeout(() => void this.catchUp(), wait);
    this.publish();
  }

  private keep(rows: readonly ProcessRowFragment[]): void {
    for (const row of rows) if (row.version >= (this.known.get(row.id)?.version ?? 0)) this.known.set(row.id, row);
  }

  /** Processes that the filter allows and that were not known; those behind the last row belong to a later page. */
  private add(rows: readonly ProcessRowFragment[]): void {
    const last = this.hasMore ? this.known.get(this.ids.at(-1) ?? "") : undefined;
    const fresh = rows.filter((row) => !this.known.has(row.id) && (!last || row.startedAt >= last.startedAt));
    this.keep(fresh);
    this.waiting.push(...fresh.map(({ id }) => id));
    if (!this.ids.length) this.showNew();
  }

  private order(a: string, b: string): number {
    const [one, other] = [this.known.get(a), this.known.get(b)];
    return (other?.startedAt ?? "").localeCompare(one?.startedAt ?? "") || b.localeCompare(a);
  }

  private append({ rows, hasMore, cursor }: Page): void {
    this.keep(rows);
    const shown = new Set([...this.ids, ...this.waiting]);
    this.ids.push(...rows.map(({ id }) => id).filter((id) => !shown.has(id)));
    this.hasMore = hasMore;
    this.cursor = cursor;
  }

  private async attempt(work: () => Promise<void>): Promise<void> {
    this.isReading = true;
    this.publish();
    try {
      await work();
      this.error = null;
    } catch (problem) {
      this.error = problem as Error;
    }
    this.isReading = false;
    this.publish();
  }

  private publish(): void {
    if (this.isGone) return;
    const rows = this.ids.map((id) => this.known.get(id)).filter((row) => row !== undefined);
    const { hasMore, isReading, error } = this;
    this.snapshot = { rows, newCount: this.waiting.length, hasMore, isReading, error };
    for (const listener of [...this.listeners]) listener();
  }
}
