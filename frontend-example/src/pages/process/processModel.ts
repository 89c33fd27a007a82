/**
 * One process as the page knows it. It is read once as a whole; after that only what changed is read, however often the
 * line breaks. An answer that is older than what is known changes nothing.
 */
import { Unauthenticated } from "../../api/client";
import { Retries } from "../../api/retries";
import type {
  CallbackPartFragment,
  ProcessChangesQuery,
  ProcessHeadFragment,
  ProcessWholeQuery,
  RequestPartFragment,
  StepPartFragment,
} from "../../gql/graphql";

/** Milliseconds in which changes are gathered before they are read together. */
const GATHER = 120;
/** Milliseconds between two readings while changes keep coming. */
const PACE = 400;
/** Milliseconds in which the stream mostly begins. */
const STREAM_WITHIN = 400;

export type Head = ProcessHeadFragment;
export type Step = StepPartFragment;
export type Callback = CallbackPartFragment;
export type Request = RequestPartFragment;
export type Whole = NonNullable<ProcessWholeQuery["process"]>;
export type Changed = NonNullable<ProcessChangesQuery["process"]>;

/** A step with its callbacks and input requests. It is another object as soon as anything of it changes. */
export interface StepState {
  step: Step;
  callbacks: readonly Callback[];
  requests: readonly Request[];
}

export interface Shown {
  /** Null if it was not read yet or there is no such process. */
  head: Head | null;
  steps: readonly StepState[];
  isMissing: boolean;
  error: Error | null;
}

/** Where the process is read from. */
export interface Source {
  whole(): Promise<Whole | null>;
  changes(after: string): Promise<Changed | null>;
  /** The position of the stream: what is read from now on holds all changes before it. Null if there is no stream yet. */
  position(): string | null;
}

export class ProcessModel {
  private shown: Shown = { head: null, steps: [], isMissing: false, error: null };
  /** The position behind the changes that are known; null if only a reading of the whole helps. */
  private cursor: string | null = null;
  /** Everything is read anew, and lower versions than before are true: a backup was restored. */
  private isAnew = true;
  private isBusy = false;
  private isDue = false;
  private isClosed = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly retries = new Retries();
  private readonly listeners = new Set<() => void>();

  constructor(private readonly source: Source) {}

  readonly get = (): Shown => this.shown;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Read it for the first time: the stream is about to begin, and what is read before that is read again. */
  open(): void {
    this.isClosed = false;
    this.schedule(this.source.position() === null ? STREAM_WITHIN : 0);
  }

  /** Something of the process changed. With `isFresh` nothing is known about what happened before. */
  touch(isFresh = false): void {
    if (isFresh) {
      this.isAnew = true;
      clearTimeout(this.timer);
      this.timer = undefined;
    }
    this.schedule(isFresh ? 0 : GATHER);
  }

  close(): void {
    this.isClosed = true;
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private schedule(wait: number): void {
    if (this.isClosed) return;
    if (this.isBusy) this.isDue = true;
    else this.timer ??= setTimeout(() => void this.read(), wait);
  }

  private async read(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.isBusy = true;
    this.isDue = false;
    let wait = PACE;
    try {
      await (this.isAnew || this.cursor === null ? this.readWhole() : this.readChanges(this.cursor));
      this.retries.succeeded();
      this.publish({ error: null });
    } catch (problem) {
      // Sign-in is asked for once for the whole page, and everything is read anew after it.
      this.isDue ||= !(problem instanceof Unauthenticated);
      wait = this.retries.after(problem);
      this.publish({ error: problem as Error });
    }
    this.isBusy = false;
    if (this.isDue) this.schedule(wait);
  }

  private async readWhole(): Promise<void> {
    const position = this.source.position();
    const isAnew = this.isAnew;
    this.isAnew = false;
    try {
      const whole = await this.source.whole();
      if (whole !== null && !isAnew && this.isOlder(whole)) this.isDue = true;
      else this.replace(whole, position);
    } catch (problem) {
      this.isAnew ||= isAnew;
      throw problem;
    }
  }

  private replace(whole: Whole | null, position: string | null): void {
    this.cursor = whole === null ? null : position;
    if (whole === null) return this.publish({ head: null, steps: [], isMissing: true });
    const { steps, ...head } = whole;
    const states = steps.map(({ callbacks, inputRequests, ...step }) => ({ step, callbacks, requests: inputRequests }));
    this.publish({ head, steps: states, isMissing: false });
  }

  private async readChanges(after: string): Promise<void> {
    const changed = await this.source.changes(after);
    if (changed === null) return this.replace(null, null);
    if (changed.changes.reset) {
      this.isAnew = true;
      this.isDue = true;
    } else if (this.isOlder(changed)) this.isDue = true;
    else this.merge(changed);
  }

  private isOlder({ version }: { version: number }): boolean {
    return version < (this.shown.head?.version ?? 0);
  }

  private merge({ changes, ...head }: Changed): void {
    const steps = merged(this.shown.steps, changes);
    this.cursor = changes.cursor;
    // The head was read a moment before its changes: only an answer without changes says that nothing is newer.
    if (changes.hasMore || changes.events.length) this.isDue = true;
    else if (steps.length !== changes.stepCount) {
      // A deployment changed the workflow.
      this.cursor = null;
      this.isDue = true;
    }
    this.publish({ head, steps });
  }

  private publish(change: Partial<Shown>): void {
    if (this.isClosed) return;
    this.shown = { ...this.shown, ...change };
    for (const listener of [...this.listeners]) listener();
  }
}

/** The steps with the changes in their places. Steps that did not change stay the same objects. */
export function merged(before: readonly StepState[], changes: Changed["changes"]): readonly StepState[] {
  const after = new Map(before.map((state) => [state.step.index, state]));
  const at = (index: number): StepState | undefined => after.get(index);
  for (const event of changes.events) if ("callbackId" in event) report(after, event as Report);
  for (const step of changes.steps)
    after.set(step.index, { callbacks: [], requests: [], ...at(step.index), step });
  for (const { step, ...callback } of changes.callbacks) {
    const state = at(step.index);
    if (state) after.set(step.index, { ...state, callbacks: replaced(state.callbacks, callback) });
  }
  for (const { step, ...request } of changes.inputRequests) {
    const state = at(step.index);
    const known = state?.requests.find(({ id }) => id === request.id);
    if (state && request.version >= (known?.version ?? 0))
      after.set(step.index, { ...state, requests: replaced(state.requests, request) });
  }
  return [...after.values()].sort((a, b) => a.step.index - b.step.index);
}

type Report = Pick<Callback, "progress"> & { callbackId: string };

/** A report of progress belongs to a callback that is known; an older report never replaces a newer one. */
function report(states: Map<number, StepState>, { callbackId, progress }: Report): void {
  for (const [index, state] of states) {
    const known = state.callbacks.find(({ id }) => id === callbackId);
    if (!known) continue;
    if (progress && progress.reportedAt >= (known.progress?.reportedAt ?? ""))
      states.set(index, { ...state, callbacks: replaced(state.callbacks, { ...known, progress }) });
    return;
  }
}

function replaced<Part extends { id: string }>(parts: readonly Part[], part: Part): readonly Part[] {
  return parts.some(({ id }) => id === part.id)
    ? parts.map((known) => (known.id === part.id ? part : known))
    : [...parts, part];
}
