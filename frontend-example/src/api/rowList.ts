/**
 * The rows of a list that a server pages by key. Rows change in place and never move: new rows wait behind a button, and a
 * row that the filter no longer allows stays, marked as a stray, until the list is read again.
 */
import { ApiError, Unauthenticated } from "./client";
import { Retries } from "./retries";

export const PAGE_SIZE = 50;

/** New rows that are followed one by one; beyond that the list is read again when they are asked for. */
export const MOST_WAITING = 100;

/** Rows that are read together after they changed; the server answers at most so many. */
const MOST_AT_ONCE = 100;
const GATHER = 120;
const PEEK_EVERY = 1_000;

export interface Page<Row> {
  rows: readonly Row[];
  hasMore: boolean;
  cursor: string | null;
}

/** What a list is made of. */
export interface Source<Row> {
  page(first: number, after: string | null): Promise<Page<Row>>;
  /** The rows with these ids; if `isFiltered`, only those that the filter allows. Without it no row is read alone. */
  byIds?(ids: readonly string[], isFiltered: boolean): Promise<readonly Row[]>;
  /** Negative if `a` stands before `b`. */
  compare(a: Row, b: Row): number;
  /** True if `row` is an older state of the row than `known`: an answer that was overtaken. */
  isOlder?(row: Row, known: Row): boolean;
  /** How many rows are read at once. */
  pageSize?: number;
  /** New rows need not wait: they are what a person looks for. */
  showsNewAtOnce?: boolean;
  /** `byIds` answers the same with the filter as without it: a changed row is read once. */
  ignoresFilter?: boolean;
}

export interface Shown<Row> {
  rows: readonly Row[];
  /** The ids of rows that the filter no longer allows. */
  strays: ReadonlySet<string>;
  /** New rows that the filter allows and that are not shown yet; at most `MOST_WAITING` are counted. */
  newCount: number;
  hasMore: boolean;
  isReading: boolean;
  /** False until the first answer. */
  isLoaded: boolean;
  error: Error | null;
  /** Grows when the list begins with other rows than before because a person wanted it. */
  edition: number;
}

/** `3`, or `100 or more`. */
export const newWords = (count: number): string => (count >= MOST_WAITING ? `${MOST_WAITING} or more` : String(count));

/** Sign-in is asked for once for the whole page, and reads everything again; a right does not come by waiting. */
const mayEnd = (problem: unknown): boolean =>
  !(problem instanceof Unauthenticated || (problem instanceof ApiError && problem.code === "FORBIDDEN"));

export class RowList<Row extends { id: string }> {
  private ids: string[] = [];
  private waiting: string[] = [];
  private strays = new Set<string>();
  private cursor: string | null = null;
  private readonly known = new Map<string, Row>();
  private readonly changed = new Set<string>();
  private readonly retries = new Retries();
  private readonly listeners = new Set<() => void>();
  private snapshot: Shown<Row> = {
    rows: [],
    strays: new Set(),
    newCount: 0,
    hasMore: false,
    isReading: true,
    isLoaded: false,
    error: null,
    edition: 0,
  };

  /** Grows with every reading from the beginning: an answer to an earlier reading is thrown away. */
  private generation = 0;
  private isReloading = false;
  /** True until the rows of another source are there. A reading that follows before the answer must not forget it. */
  private isOther = true;
  private isCatchingUp = false;
  private isClosed = false;
  private catchUpTimer: ReturnType<typeof setTimeout> | undefined;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private peekTimer: ReturnType<typeof setTimeout> | undefined;
  private peekedAt = 0;

  constructor(private source: Source<Row>) {}

  private get pageSize(): number {
    return this.source.pageSize ?? PAGE_SIZE;
  }

  readonly get = (): Shown<Row> => this.snapshot;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Show the rows of another source. The rows stay until the answer is there, so the page does not flicker. */
  async show(source: Source<Row>): Promise<void> {
    this.source = source;
    this.isClosed = false;
    this.isOther = true;
    await this.readFromStart(this.pageSize);
  }

  /** Read the list from its beginning, about as long as it was. */
  async reload(): Promise<void> {
    await this.readFromStart(Math.max(this.pageSize, Math.min(this.ids.length, 4 * this.pageSize)));
  }

  /** Read the page after the last row. */
  async more(): Promise<void> {
    if (this.snapshot.isReading || !this.snapshot.hasMore) return;
    const { generation, source, cursor } = this;
    this.publish({ isReading: true });
    try {
      const page = await source.page(this.pageSize, cursor);
      if (generation === this.generation) this.append(page);
    } catch (problem) {
      if (generation === this.generation) this.publish({ isReading: false, error: problem as Error });
    }
  }

  /** Put the new rows in their places; if they are too many, read the list again. */
  async showNew(): Promise<void> {
    if (this.waiting.length >= MOST_WAITING) {
      this.isOther = true;
      return this.readFromStart(this.pageSize);
    }
    this.place();
    this.publish({ edition: this.snapshot.edition + 1 });
  }

  /** These rows changed: read them soon, together. */
  touch(ids: Iterable<string>): void {
    for (const id of ids) this.changed.add(id);
    this.catchUpSoon(GATHER);
  }

  /**
   * Something happened that may have added rows: read the first page soon, at most once a second. Known rows change in
   * place, others wait to be shown.
   */
  peekSoon(wait = Math.max(GATHER, this.peekedAt + PEEK_EVERY - Date.now())): void {
    // A list that could not be read, or that the person may not read, is not asked for again and again.
    if (this.snapshot.error || this.isClosed) return;
    this.peekTimer ??= setTimeout(() => void this.peek(), wait);
  }

  close(): void {
    this.isClosed = true;
    this.generation++;
    for (const timer of [this.catchUpTimer, this.retryTimer, this.peekTimer]) clearTimeout(timer);
    this.catchUpTimer = this.retryTimer = this.peekTimer = undefined;
  }

  private async readFromStart(first: number): Promise<void> {
    clearTimeout(this.retryTimer);
    const generation = ++this.generation;
    this.isReloading = true;
    this.publish({ isReading: true });
    try {
      const page = await this.source.page(first, null);
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
      if (mayEnd(problem)) this.retryTimer = setTimeout(() => void this.readFromStart(first), this.retries.after(problem));
    }
    this.isReloading = false;
    this.catchUpSoon(GATHER);
  }

  private append({ rows, hasMore, cursor }: Page<Row>, edition = this.snapshot.edition): void {
    this.keep(rows);
    const shown = new Set(this.ids);
    this.ids.push(...rows.map(({ id }) => id).filter((id) => !shown.has(id)));
    this.waiting = this.waiting.filter((id) => !rows.some((row) => row.id === id));
    this.cursor = cursor;
    this.publish({ hasMore, isReading: false, isLoaded: true, error: null, edition });
  }

  private async peek(): Promise<void> {
    this.peekTimer = undefined;
    this.peekedAt = Date.now();
    const { generation } = this;
    try {
      const { rows } = await this.source.page(this.pageSize, null);
      this.retries.succeeded();
      // A reading from the beginning that began meanwhile knows as much.
      if (generation === this.generation) this.add(rows);
    } catch (problem) {
      this.peekSoon(this.retries.after(problem));
    }
    this.publish({});
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

  /** The next changed rows to read. If enough new ones wait, only those that are shown or wait are read. */
  private takeChanged(): string[] {
    const isFull = this.waiting.length >= MOST_WAITING;
    if (isFull) for (const id of this.changed) if (!this.known.has(id)) this.changed.delete(id);
    const ids = [...this.changed].slice(0, MOST_AT_ONCE);
    for (const id of ids) this.changed.delete(id);
    return ids;
  }

  /** The rows that are followed as they are now, and those of the changed rows that the filter allows. */
  private async readChanged(ids: string[]): Promise<[readonly Row[], readonly Row[]]> {
    const { source } = this;
    const followed = ids.filter((id) => this.known.has(id));
    const ask = async (wanted: string[], isFiltered: boolean): Promise<readonly Row[]> =>
      wanted.length ? ((await source.byIds?.(wanted, isFiltered)) ?? []) : [];
    return Promise.all([source.ignoresFilter ? [] : ask(followed, false), ask(ids, true)]);
  }

  private apply(ids: string[], rows: readonly Row[], allowed: readonly Row[]): void {
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
    this.publish({});
  }

  /** Rows that the filter allows: known ones change in place. Those behind the last row belong to a later page. */
  private add(rows: readonly Row[]): void {
    const last = this.snapshot.hasMore ? this.known.get(this.ids.at(-1) ?? "") : undefined;
    const fresh = rows
      .filter((row) => !this.known.has(row.id) && (!last || this.source.compare(row, last) < 0))
      .slice(0, MOST_WAITING - this.waiting.length);
    this.keep(rows.filter(({ id }) => this.known.has(id)));
    this.keep(fresh);
    this.waiting.push(...fresh.map(({ id }) => id));
    if (!this.ids.length || this.source.showsNewAtOnce) this.place();
  }

  private place(): void {
    const rows = [...this.waiting, ...this.ids].map((id) => this.known.get(id)).filter((row) => row !== undefined);
    this.ids = rows.sort((a, b) => this.source.compare(a, b)).map(({ id }) => id);
    this.waiting = [];
  }

  private keep(rows: readonly Row[]): void {
    for (const row of rows) {
      const known = this.known.get(row.id);
      if (!known || !this.source.isOlder?.(row, known)) this.known.set(row.id, row);
    }
  }

  private publish(change: Partial<Shown<Row>>): void {
    if (this.isClosed) return;
    const rows = this.ids.map((id) => this.known.get(id)).filter((row) => row !== undefined);
    this.snapshot = { ...this.snapshot, rows, strays: this.strays, newCount: this.waiting.length, ...change };
    for (const listener of [...this.listeners]) listener();
  }
}
