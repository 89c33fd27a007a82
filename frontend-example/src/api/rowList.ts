/**
 * The rows of a list that a server pages by key. Rows change in place and never move: new rows wait behind a button, and a
 * row that the filter no longer allows stays until the list is read again.
 */
import { Retries } from "./retries";

export const PAGE_SIZE = 50;

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
  /** The rows with these ids; if `isFiltered`, only those that the filter allows. */
  byIds?(ids: readonly string[], isFiltered: boolean): Promise<readonly Row[]>;
  /** Negative if `a` stands before `b`. */
  compare(a: Row, b: Row): number;
  /** True if `row` is an older state of the row than `known`: an answer that was overtaken. */
  isOlder?(row: Row, known: Row): boolean;
  /** How many rows are read at once. */
  pageSize?: number;
  /** New rows need not wait: they are what a person looks for. */
  showsNewAtOnce?: boolean;
}

export interface Shown<Row> {
  rows: readonly Row[];
  /** New rows that the filter allows and that are not shown yet. */
  newCount: number;
  hasMore: boolean;
  isReading: boolean;
  error: Error | null;
}

export class RowList<Row extends { id: string }> {
  private ids: string[] = [];
  private known = new Map<string, Row>();
  private waiting: string[] = [];
  private cursor: string | null = null;
  private hasMore = false;
  private error: Error | null = null;
  private isReading = false;
  private isGone = false;
  private turn = 0;
  private readonly changed = new Set<string>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private peekedAt = 0;
  private peekTimer: ReturnType<typeof setTimeout> | undefined;
  private readonly retries = new Retries();
  private readonly listeners = new Set<() => void>();
  private snapshot: Shown<Row> = { rows: [], newCount: 0, hasMore: false, isReading: true, error: null };

  constructor(private readonly source: Source<Row>) {}

  private get pageSize(): number {
    return this.source.pageSize ?? PAGE_SIZE;
  }

  readonly get = (): Shown<Row> => this.snapshot;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Read the list from its beginning, as long as it was. */
  async reload(): Promise<void> {
    const wanted = Math.max(this.pageSize, Math.min(this.ids.length, 4 * this.pageSize));
    await this.attempt(this.source.page(wanted, null), (page) => {
      this.known = new Map();
      this.ids = [];
      this.waiting = [];
      this.append(page);
    });
  }

  /** Read the page after the last row. */
  async more(): Promise<void> {
    if (this.isReading || !this.hasMore) return;
    await this.attempt(this.source.page(this.pageSize, this.cursor), (page) => this.append(page));
  }

  /**
   * Something happened that may have added rows: read the first page soon, at most once a second. Known rows change in
   * place, others wait to be shown.
   */
  peekSoon(wait = Math.max(GATHER, this.peekedAt + PEEK_EVERY - Date.now())): void {
    // A list that could not be read, or that the person may not read, is not asked for again and again.
    if (this.error) return;
    this.peekTimer ??= setTimeout(() => void this.peek(), wait);
  }

  private async peek(): Promise<void> {
    this.peekTimer = undefined;
    this.peekedAt = Date.now();
    try {
      const { rows } = await this.source.page(this.pageSize, null);
      this.retries.succeeded();
      this.keep(rows.filter(({ id }) => this.known.has(id)));
      this.add(rows);
    } catch (problem) {
      if (!this.isGone) this.peekSoon(this.retries.after(problem));
    }
    this.publish();
  }

  /** Put the new rows in their places. */
  showNew(): void {
    this.place();
    this.publish();
  }

  /** These rows changed: read them soon, together. */
  touch(ids: Iterable<string>): void {
    for (const id of ids) this.changed.add(id);
    if (this.changed.size) this.timer ??= setTimeout(() => void this.catchUp(), GATHER);
  }

  close(): void {
    this.isGone = true;
    clearTimeout(this.timer);
    clearTimeout(this.peekTimer);
  }

  private async catchUp(): Promise<void> {
    const ids = [...this.changed].slice(0, MOST_AT_ONCE);
    for (const id of ids) this.changed.delete(id);
    let wait = GATHER;
    try {
      const shown = ids.filter((id) => this.known.has(id));
      const strangers = ids.filter((id) => !this.known.has(id));
      const { source } = this;
      const [changed = [], matching = []] = await Promise.all([
        shown.length ? source.byIds?.(shown, false) : [],
        strangers.length ? source.byIds?.(strangers, true) : [],
      ]);
      this.retries.succeeded();
      this.keep(changed);
      this.add(matching);
    } catch (problem) {
      for (const id of ids) this.changed.add(id);
      wait = this.retries.after(problem);
    }
    this.timer = undefined;
    if (this.isGone) return;
    if (this.changed.size) this.timer = setTimeout(() => void this.catchUp(), wait);
    this.publish();
  }

  private keep(rows: readonly Row[]): void {
    for (const row of rows) {
      const known = this.known.get(row.id);
      if (!known || !this.source.isOlder?.(row, known)) this.known.set(row.id, row);
    }
  }

  /** Rows that the filter allows and that were not known; those behind the last row belong to a later page. */
  private add(rows: readonly Row[]): void {
    const last = this.hasMore ? this.known.get(this.ids.at(-1) ?? "") : undefined;
    const fresh = rows.filter((row) => !this.known.has(row.id) && (!last || this.source.compare(row, last) < 0));
    this.keep(fresh);
    this.waiting.push(...fresh.map(({ id }) => id));
    if (!this.ids.length || this.source.showsNewAtOnce) this.place();
  }

  private place(): void {
    const rows = [...this.waiting, ...this.ids].map((id) => this.known.get(id)).filter((row) => row !== undefined);
    this.ids = rows.sort((a, b) => this.source.compare(a, b)).map(({ id }) => id);
    this.waiting = [];
  }

  private append({ rows, hasMore, cursor }: Page<Row>): void {
    this.keep(rows);
    const shown = new Set(this.ids);
    this.waiting = this.waiting.filter((id) => !rows.some((row) => row.id === id));
    this.ids.push(...rows.map(({ id }) => id).filter((id) => !shown.has(id)));
    this.hasMore = hasMore;
    this.cursor = cursor;
  }

  /** Only the last reading that began counts: two of them may end in any order. */
  private async attempt(reading: Promise<Page<Row>>, apply: (page: Page<Row>) => void): Promise<void> {
    const turn = ++this.turn;
    this.isReading = true;
    this.publish();
    const outcome = await reading.then(
      (page) => () => apply(page),
      (problem: unknown) => problem as Error,
    );
    if (turn !== this.turn) return;
    this.error = outcome instanceof Error ? outcome : null;
    if (!(outcome instanceof Error)) outcome();
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
