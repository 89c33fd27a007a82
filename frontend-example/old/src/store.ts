/** What the page knows: rows by id, the open process, the counts. A lower version never replaces a higher one. */
import { PROCESS, PROCESSES, STATS } from "./documents";
import { request } from "./api";
import type { Process, Row, Stats } from "./model";

const PAGE_SIZE = 50;
const COALESCE = 120;
const RETRY_AFTER = 2_000;

interface Connection {
  processes: { nodes: Row[]; pageInfo: { hasNextPage: boolean; endCursor: string | null } };
}

export class Store {
  readonly rows = new Map<string, Row>();
  process: Process | null = null;
  stats: Stats | null = null;
  selected: string | null = null;
  status: string | null = null;
  loaded = false;
  missing = false;
  next: string | null = null;

  private readonly stale = new Set<string>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private reading = false;
  private due = false;

  constructor(private readonly changed: () => void) {}

  /** The rows that the chosen status lets through, newest first. */
  visibleRows(): Row[] {
    return [...this.rows.values()]
      .filter((row) => !this.status || row.status === this.status)
      .sort((a, b) => b.startedAt.localeCompare(a.startedAt) || b.id.localeCompare(a.id));
  }

  /**
   * Read everything anew: at the start, and when the stream cannot say what was missed. Versions seen before do not count
   * then: behind a restored backup they would be higher than all that is true now.
   */
  async reload(): Promise<void> {
    try {
      await Promise.all([this.readList(null, true), this.readProcess(true), this.readStats()]);
      this.loaded = true;
    } catch {
      setTimeout(() => void this.reload(), RETRY_AFTER);
    }
    this.changed();
  }

  async filterBy(status: string | null): Promise<void> {
    this.status = status;
    this.changed();
    await this.readList(null);
    this.changed();
  }

  async older(): Promise<void> {
    await this.readList(this.next);
    this.changed();
  }

  async select(id: string | null): Promise<void> {
    this.selected = id;
    this.missing = false;
    if (this.process?.id !== id) this.process = null;
    this.changed();
    await this.readProcess().catch(() => id && this.touch([id]));
    this.changed();
  }

  /**
   * These have changed: read them soon, together, one reading at a time. The counts and the engine are read with them, also
   * where no process is named: a pause names none.
   */
  touch(ids: Iterable<string>): void {
    this.due = true;
    for (const id of ids) this.stale.add(id);
    this.timer ??= setTimeout(() => void this.catchUp(), COALESCE);
  }

  private async catchUp(): Promise<void> {
    this.timer = undefined;
    if (this.reading) return;
    this.reading = true;
    this.due = false;
    const ids = [...this.stale].slice(0, 100);
    ids.forEach((id) => this.stale.delete(id));
    let wait = COALESCE;
    try {
      // A pause names no process, but it takes actions away from the open one.
      const open = this.selected && (!ids.length || ids.includes(this.selected)) ? this.readProcess() : null;
      await Promise.all([ids.length ? this.readRows(ids) : null, open, this.readStats()]);
    } catch {
      ids.forEach((id) => this.stale.add(id));
      this.due = true;
      wait = RETRY_AFTER;
    }
    this.reading = false;
    this.changed();
    if (this.stale.size || this.due) this.timer ??= setTimeout(() => void this.catchUp(), wait);
  }

  private keep(rows: Row[]): void {
    for (const row of rows) if (row.version >= (this.rows.get(row.id)?.version ?? 0)) this.rows.set(row.id, row);
  }

  private async readList(after: string | null, anew = false): Promise<void> {
    const filter = this.status ? { statuses: [this.status] } : null;
    const { processes } = await request<Connection>(PROCESSES, { first: PAGE_SIZE, after, filter });
    this.next = processes.pageInfo.hasNextPage ? processes.pageInfo.endCursor : null;
    if (anew) this.rows.clear();
    this.keep(processes.nodes);
  }

  private async readRows(ids: string[]): Promise<void> {
    const { processes } = await request<Connection>(PROCESSES, { first: ids.length, filter: { ids } });
    this.keep(processes.nodes);
  }

  private async readProcess(anew = false): Promise<void> {
    const id = this.selected;
    if (!id) return;
    const { process } = await request<{ process: Process | null }>(PROCESS, { id });
    if (id !== this.selected) return;
    this.missing = process === null;
    if (anew) this.process = null;
    if (!process || process.version < (this.process?.version ?? 0)) return;
    this.process = process;
    this.keep([process]);
  }

  private async readStats(): Promise<void> {
    this.stats = (await request<{ stats: Stats }>(STATS).catch(() => null))?.stats ?? this.stats;
  }
}
