/** Queries that follow the stream: read once, and again, at most so often, when an event concerns them. */
import { useCallback, useEffect, useRef, useState } from "react";
import type { AnyVariables, DocumentInput } from "urql";
import { run, Unauthenticated } from "./client";
import { Retries } from "./retries";
import { onEvents, type StreamEvent } from "./stream";

/** Milliseconds in which changes are gathered before they are read together. */
const GATHER = 120;

export interface Live<Data> {
  data: Data | null;
  error: Error | null;
  isReading: boolean;
  /** Read again now. */
  refresh: () => void;
}

interface Options<Data> {
  /** True if the event may have changed the answer. */
  concerns: (event: StreamEvent) => boolean;
  /** The version of the answer: a lower one never replaces a higher one, unless everything is read anew. */
  version?: (data: Data) => number;
  isPaused?: boolean;
  /** Milliseconds in which changes are gathered; more for numbers that nearly every event changes. */
  gather?: number;
}

/**
 * The newest answer to a query. One reading runs at a time, so an older answer never arrives after a newer one. While
 * other variables are read, the answer to the former ones stays.
 */
export function useLive<Data, Variables extends AnyVariables>(
  document: DocumentInput<Data, Variables>,
  variables: Variables,
  options: Options<Data>,
): Live<Data> {
  const [state, setState] = useState<Omit<Live<Data>, "refresh">>({ data: null, error: null, isReading: true });
  const key = JSON.stringify(variables);
  const latest = useRef({ document, variables, options });
  latest.current = { document, variables, options };
  const reading = useRef({ isBusy: false, isDue: false, isFresh: true, isOver: false, timer: 0, generation: 0 });
  const [retries] = useState(() => new Retries());

  const read = useCallback(async (): Promise<void> => {
    const work = reading.current;
    window.clearTimeout(work.timer);
    work.timer = 0;
    if (work.isBusy || latest.current.options.isPaused) {
      work.isDue = true;
      return;
    }
    const { generation, isFresh } = work;
    Object.assign(work, { isBusy: true, isDue: false, isFresh: false });
    let wait = latest.current.options.gather ?? GATHER;
    try {
      const data = await run(latest.current.document, latest.current.variables);
      retries.succeeded();
      if (generation === work.generation) setState((before) => settled(before.data, data, isFresh, latest.current.options));
    } catch (problem) {
      work.isFresh ||= isFresh;
      wait = retries.after(problem);
      // Sign-in is asked for once for the whole page, and reads everything again: until then the page is loading.
      const isSignedOut = problem instanceof Unauthenticated;
      work.isDue ||= !isSignedOut;
      const outcome = isSignedOut ? { error: null, isReading: true } : { error: problem as Error, isReading: false };
      if (generation === work.generation) setState(({ data }) => ({ data, ...outcome }));
    }
    work.isBusy = false;
    if (work.isDue && !work.isOver) work.timer ||= window.setTimeout(() => void read(), wait);
  }, [retries]);

  useEffect(() => {
    reading.current.generation++;
    reading.current.isFresh = true;
    setState((before) => ({ ...before, isReading: true }));
    void read();
  }, [document, key, options.isPaused, read]);

  useEffect(() => {
    const work = reading.current;
    work.isOver = false;
    const stop = onEvents((events, isFresh) => {
      work.isFresh ||= isFresh;
      const { concerns, gather = GATHER } = latest.current.options;
      if (isFresh || events.some(concerns)) work.timer ||= window.setTimeout(() => void read(), gather);
    });
    return () => {
      stop();
      work.isOver = true;
      window.clearTimeout(work.timer);
      work.timer = 0;
      work.generation++;
    };
  }, [read]);

  return { ...state, refresh: useCallback(() => void read(), [read]) };
}

function settled<Data>(
  before: Data | null,
  data: Data,
  isFresh: boolean,
  { version }: Options<Data>,
): Omit<Live<Data>, "refresh"> {
  const isOlder = !isFresh && before !== null && version !== undefined && version(data) < version(before);
  return { data: isOlder ? before : data, error: null, isReading: false };
}
