/** The reports of a callback: the newest are read once, later ones one by one as the stream tells of them, older ones on demand. */
import { useCallback, useEffect, useRef, useState } from "react";
import { Retries } from "../../api/retries";
import { onEvents } from "../../api/stream";
import { LOG_PAGE, progressPage, type LogPage } from "../../operations/output";
import { newestCursor, NO_ROWS, oldestCursor, startedWith, trimmed, withNewer, withOlder, type ProgressRows } from "./progressRows";

const GATHER = 120;

/** Lines that are held while a person reads older ones; the others wait on the server. */
const MOST_HELD = 5_000;

export interface ProgressLogState {
  log: ProgressRows;
  isReading: boolean;
  error: Error | null;
  older: () => void;
  /** Tell whether the end is followed: then only the last thousand lines stay. */
  follow: (isFollowing: boolean) => void;
}

export function useProgressLog(callbackId: string): ProgressLogState {
  const [log, setLog] = useState(NO_ROWS);
  const [isReading, setReading] = useState(true);
  const [error, setError] = useState<Error | null>(null);
  const reader = useRef<Reader | null>(null);

  useEffect(() => {
    const current = new Reader(callbackId, { setLog, setReading, setError });
    reader.current = current;
    const stop = onEvents((events, isFresh) => {
      if (isFresh) current.ask("all");
      else if (events.some((event) => "callbackId" in event && event.callbackId === callbackId)) current.ask("newer");
    });
    current.ask("all", 0);
    return () => {
      stop();
      current.close();
    };
  }, [callbackId]);

  const older = useCallback(() => reader.current?.ask("older", 0), []);
  const follow = useCallback((isFollowing: boolean) => reader.current?.follow(isFollowing), []);
  return { log, isReading, error, older, follow };
}

type Part = "all" | "newer" | "older";

interface Setters {
  setLog: (log: ProgressRows) => void;
  setReading: (isReading: boolean) => void;
  setError: (error: Error | null) => void;
}

/** Reads one part after the other, so that nothing is missed and nothing comes twice. */
class Reader {
  private log = NO_ROWS;
  private isFollowing = true;
  private isBusy = false;
  private isGone = false;
  private readonly retries = new Retries();
  private readonly wanted = new Set<Part>();
  private timer = 0;

  constructor(
    private readonly id: string,
    private readonly set: Setters,
  ) {}

  ask(part: Part, after = GATHER): void {
    if (this.isGone || (part === "older" && !this.log.hasOlder)) return;
    this.wanted.add(part);
    if (!this.isBusy) this.timer ||= window.setTimeout(() => void this.work(), after);
  }

  follow(isFollowing: boolean): void {
    if (this.isFollowing === isFollowing) return;
    this.isFollowing = isFollowing;
    if (!isFollowing) return;
    this.show(trimmed(this.log));
    this.ask("newer", 0);
  }

  close(): void {
    this.isGone = true;
    window.clearTimeout(this.timer);
  }

  private async work(): Promise<void> {
    this.timer = 0;
    this.isBusy = true;
    let pause = GATHER;
    const parts = [...this.wanted];
    this.wanted.clear();
    this.set.setReading(true);
    try {
      for (const part of parts) await this[part]();
      this.retries.succeeded();
      this.set.setError(null);
    } catch (problem) {
      for (const part of parts) this.wanted.add(part);
      pause = this.retries.after(problem);
      this.set.setError(problem as Error);
    }
    this.isBusy = false;
    if (this.isGone) return;
    this.set.setReading(false);
    if (this.wanted.size) this.timer = window.setTimeout(() => void this.work(), pause);
  }

  private async all(): Promise<void> {
    const log = startedWith(await this.page({ last: LOG_PAGE }), this.log);
    this.show(this.isFollowing ? trimmed(log) : log);
  }

  private async newer(): Promise<void> {
    if (!this.isFollowing && this.log.rows.length > MOST_HELD) return;
    const after = newestCursor(this.log);
    if (after === null) return this.all();
    const page = await this.page({ after });
    this.show(withNewer(this.log, page, this.isFollowing));
    if (page.hasNewer) await this.newer();
  }

  private async older(): Promise<void> {
    const before = oldestCursor(this.log);
    const page = await this.page(before === null ? { last: LOG_PAGE } : { last: LOG_PAGE, before });
    this.show(withOlder(this.log, page));
  }

  private page(where: Parameters<typeof progressPage>[1]): Promise<LogPage> {
    return progressPage(this.id, where);
  }

  private show(log: ProgressRows): void {
    this.log = log;
    if (!this.isGone) this.set.setLog(log);
  }
}
