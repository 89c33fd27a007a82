/**
 * The processes that a filter allows, in an order. Rows change in place and never move: new processes wait behind a button,
 * and a process that the filter no longer allows stays, marked as a stray, until the list is read again.
 */
import { Unauthenticated } from "../../api/client";
import { Retries } from "../../api/retries";
import type { ProcessFilter, ProcessOrder, ProcessRowFragment } from "../../gql/graphql";
import { compare, orderOf } from "./orders";

export const PAGE_SIZE = 50;

/** New processes that are followed one by one; beyond that the list is read again when they are asked for. */
export const MOST_WAITING = 100;

/** Processes that are read together after they changed. */
const MOST_AT_ONCE = 100;
const GATHER = 120;

export interface Page {
  rows: readonly ProcessRowFragment[];
  hasMore: boolean;
  cursor: string | null;
}

export interface Wanted {
  first: number;
  after: string | null;
  filter: ProcessFilter;
  order: ProcessOrder;
}

export type Read = (variables: Wanted) => Promise<Page>;

export interface Shown {
  rows: readonly ProcessRowFragment[];
  /** The ids of rows that the filter no longer allows. */
  strays: ReadonlySet<string>;
  /** New processes that the filter allows and that are not shown yet; at most `MOST_WAITING` are counted. */
  newCount: number;
  hasMore: boolean;
  isReading: boolean;
  /** False until the first answer. */
  isLoaded: boolean;
  error: Error | null;
  /** Grows when the list begins with other rows than before. */
  edition: number;
}

const NOTHING: Shown = {
  rows: [],
  strays: new Set(),
  newCount: 0,
  hasMore: false,
  isReading: true,
  isLoaded: false,
  error: null,
  edition: 0,
};

export class ProcessList {
  private filter: ProcessFilter = {};
  private order = orderOf("");
  private ids: string[] = [];
  private waiting: string[] = [];
  private strays = new Set<string>();
  private cursor: string | null = null;
  private snapshot: Shown = NOTHING;
  private readonly known = new Map<string, ProcessRowFragment>();
  private readonly changed = new Set<string>();
  private readonly retries = new Retries();
  private readonly listeners = new Set<() => void>();

  /** Grows with every reading from the beginning: an answer to an earlier reading is thrown away. */
  private generation = 0;
  private isReloading = false;
  /** True until the rows of another filter are there. A reading that follows before the answer must not forget it. */
  private isOther = false;
  private isCatchingUp = false;
  private isClosed = false;
  private catchUpTimer: ReturnType<typeof setTimeout> | undefined;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly read: Read) {}

  readonly get = (): Shown => this.snapshot;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Show what another filter allows, in this order. The rows stay until the answer is there, so the page does not flicker. */
  async show(filter: ProcessFilter, order: ProcessOrder): Promise<void> {
    [this.filter, this.order] = [filter, order];
    this.isClosed = false;
    await this.readFromStart(PAGE_SIZE, true);
  }

  /** Read the list from its beginning, about as long as it was. */
  async reload(): Promise<void> {
    await this.readFromStart(Math.max(PAGE_SIZE, Math.min(this.ids.length, 4 * PAGE_SIZE)), false);
  }

  /** Read the page after the last row. */
  async more(): Promise<void> {
    if (this.snapshot.isReading || !this.snapshot.hasMore) return;
    const { generation, filter, order, cursor } = this;
    this.publish({ isReading: true });
    try {
      const page = await this.read({ first: PAGE_SIZE, after: cursor, filter, order });
      if (generation === this.generation) this.append(page);
    } catch (problem) {
      if (generation === this.generation) this.publish({ isReading: false, error: problem as Error });
    }
  }

  /** Put the new processes in their places; if they are too many, read the list again. */
  async showNew(): Promise<void> {
    if (this.waiting.length >= MOST_WAITING) return this.readFromStart(PAGE_SIZE, true);
    this.ids = [...this.waiting, ...this.ids].sort((a, b) => this.compare(a, b));
    this.waiting = [];
    this.publish({ edition: this.snapshot.edition + 1 });
  }

  /** These processes changed: read them soon, together. */
  touch(ids: Iterable<string>): void {
    for (const id of ids) this.changed.add(id);
    this.catchUpSoon(GATHER);
  }

  close(): void {
    this.isClosed = true;
    this.generation++;
    clearTimeout(this.catchUpTimer);
    clearTimeout(this.retryTimer);
    this.catchUpTimer = undefined;
  }

  private async readFromStart(first: number, isOther: boolean): Promise<void> {
    clearTimeout(this.retryTimer);
    const generation = ++this.generation;
    this.isReloading = true;
    this.isOther ||= isOther;
    this.publish({ isReading: true });
    try {
      const page = await this.read({ first, after: null, filter: this.filter, order: this.order });
      if (generation !== this.generation) return;
      this.known.clear();
      [this.ids, this.waiting, this.strays] = [[], [], new Set()];
      this.retries.succeeded();
      const edition = this.snapshot.edition + (this.isOther ? 1 : 0);
      this.isOther = false;
      this.append(page, edition);
    } catch (problem) {
      if (generation !== this.generation) return;
      this.publish({ isReading: false, error: problem as Error });
      // Sign-in is asked for once for the whole page, and reads everything again.
      if (!(problem instanceof Unauthenticated))
        this.retryTimer = setTimeout(() => void this.readFromStart(first, isOther), this.retries.after(problem));
    }
    this.isReloading = false;
    this.catchUpSoon(GATHER);
  }

  private append({ rows, hasMore, cursor }: Page, edition = this.snapshot.edition): void {
    this.keep(rows);
    const shown = new Set(this.ids);
    this.ids.push(...rows.map(({ id }) => id).filter((id) => !shown.has(id)));
    this.waiting = this.waiting.filter((id) => !rows.some((row) => row.id === id));
    this.cursor = cursor;
    this.publish({ hasMore, isReading: false, isLoaded: true, error: null, edition });
  }

  private catchUpSoon(wait: number): void {
    if (!this.changed.size || this.isCatchingUp || this.isClosed) return;
    this.catchUpTimer ??= setTimeout(() => void this.catchUp(), wait);
  }

  private async catchUp(): Promise<void> {
    this.catchUpTimer = undefined;
    // Until the whole list is read, what is new in it is not known: the end of the reading comes here again.
    if (this.isReloading) return;
    const { generation } = this;
    const ids = this.takeChanged();
    let wait = GATHER;
    this.isCatchingUp = true;
    try {
      const [rows, allowed] = await this.readChanged(ids);
      this.retries.succeeded();
      if (generation === this.generation) this.apply(ids, rows, allowed);
      else for (const id of ids) this.changed.add(id);
    } catch (problem) {
      for (const id of ids) this.changed.add(id);
      wait = this.retries.after(problem);
    }
    this.isCatchingUp = false;
    this.catchUpSoon(wait);
  }

  /** The next changed processes to read. If enough new ones wait, only those that are shown or wait are read. */
  private takeChanged(): string[] {
    const isFull = this.waiting.length >= MOST_WAITING;
    if (isFull) for (const id of this.changed) if (!this.known.has(id)) this.changed.delete(id);
    const ids = [...this.changed].slice(0, MOST_AT_ONCE);
    for (const id of ids) this.changed.delete(id);
    return ids;
  }

  /** The rows that are followed as they are now, and those of the changed processes that the filter allows. */
  private async readChanged(ids: string[]): Promise<[readonly ProcessRowFragment[], readonly ProcessRowFragment[]]> {
    const followed = ids.filter((id) => this.known.has(id));
    const hasFilter = Object.keys(this.filter).length > 0;
    const ask = async (wanted: string[], filter: ProcessFilter): Promise<readonly ProcessRowFragment[]> =>
      wanted.length ? (await this.read({ first: wanted.length, after: null, filter: { ...filter, ids: wanted }, order: this.order })).rows : [];
    return Promise.all([hasFilter ? ask(followed, {}) : [], ask(ids, this.filter)]);
  }

  private apply(ids: string[], rows: readonly ProcessRowFragment[], allowed: readonly ProcessRowFragment[]): void {
    const isAllowed = new Set(allowed.map(({ id }) => id));
    const strays = new Set(this.strays);
    for (const id of ids) {
      if (isAllowed.has(id)) strays.delete(id);
      else if (this.known.has(id)) strays.add(id);
    }
    for (const id of this.waiting) if (strays.delete(id)) this.known.delete(id);
    this.waiting = this.waiting.filter((id) => this.known.has(id));
    this.strays = strays;
    this.keep(rows.filter(({ id }) => this.known.has(id)));
    this.add(allowed);
    if (!this.ids.length && this.waiting.length) void this.showNew();
    else this.publish({});
  }

  /** Processes that the filter allows and that were not known; those behind the last row belong to a later page. */
  private add(rows: readonly ProcessRowFragment[]): void {
    const last = this.snapshot.hasMore ? this.known.get(this.ids.at(-1) ?? "") : undefined;
    const fresh = rows.filter((row) => !this.known.has(row.id) && (!last || compare(this.order, row, last) < 0));
    this.keep(rows.filter(({ id }) => this.known.has(id)));
    this.keep(fresh);
    this.waiting.push(...fresh.map(({ id }) => id));
  }

  private keep(rows: readonly ProcessRowFragment[]): void {
    for (const row of rows) if (row.version >= (this.known.get(row.id)?.version ?? 0)) this.known.set(row.id, row);
  }

  private compare(a: string, b: string): number {
    const [one, other] = [this.known.get(a), this.known.get(b)];
    return one && other ? compare(this.order, one, other) : 0;
  }

  private publish(change: Partial<Shown>): void {
    if (this.isClosed) return;
    const rows = this.ids.map((id) => this.known.get(id)).filter((row) => row !== undefined);
    this.snapshot = { ...this.snapshot, rows, strays: this.strays, newCount: this.waiting.length, ...change };
    for (const listener of [...this.listeners]) listener();
  }
}
