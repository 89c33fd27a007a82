/** The live stream: one subscription that resumes behind the last change seen, however often the line breaks. */
import { createClient, type Client } from "graphql-ws";
import { stringifyDocument } from "urql";
import type { ProcessEventsSubscription } from "../gql/graphql";
import { PROCESS_EVENTS } from "../operations/stream";
import { credentials, demandSignIn } from "./session";
import { store } from "./store";

export type EventBatch = ProcessEventsSubscription["processEvents"];
export type StreamEvent = EventBatch["events"][number];
export type LiveState = "connecting" | "live" | "behind" | "reconnecting";

export const liveState = store<LiveState>("connecting");

/** The time (of this machine, in milliseconds) at which the server was last heard: the age of what is shown. */
export const lastHeard = store(0);

/**
 * Called for every batch. With `isFresh`, nothing is known about what happened before it: everything must be read anew,
 * and lower versions than before are true (a restored backup).
 */
type Listener = (events: readonly StreamEvent[], isFresh: boolean) => void;

const listeners = new Set<Listener>();

export function onEvents(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

const FORBIDDEN = 4403;
/** Together less than 5 s, with a second to spare for a busy browser. */
const PING_EVERY = 2_000;
const PONG_WITHIN = 2_000;
const LONGEST_PAUSE = 8_000;

const isRefusal = (event: unknown): boolean => event instanceof CloseEvent && event.code === FORBIDDEN;

const pause = (attempt: number): Promise<void> =>
  new Promise((resolve) =>
    setTimeout(resolve, Math.min(400 * 2 ** attempt, LONGEST_PAUSE) * (0.75 + Math.random() / 2)),
  );

/** A line to the server that is opened again when it breaks, unless the server wants to know who asks. */
function connect(onClosed: (event: unknown) => void): Client {
  let pongDue: ReturnType<typeof setTimeout> | undefined;
  const client = createClient({
    url: new URL("graphql", document.baseURI.replace(/^http/, "ws")).href,
    connectionParams: () => credentials(),
    retryAttempts: Infinity,
    shouldRetry: (event) => !isRefusal(event),
    retryWait: pause,
    keepAlive: PING_EVERY,
    on: {
      // A frozen server closes nothing: only the missing pong tells.
      ping: (isReceived) => {
        if (!isReceived) pongDue = setTimeout(() => client.terminate(), PONG_WITHIN);
      },
      pong: (isReceived) => {
        if (!isReceived) return;
        clearTimeout(pongDue);
        lastHeard.set(Date.now());
      },
      closed: (event) => {
        clearTimeout(pongDue);
        onClosed(event);
      },
    },
  });
  return client;
}

let cursor: string | null = null;

/** The position behind the last batch; null before the first one. What is read from now on holds all changes before it. */
export const position = (): string | null => cursor;

/** Follow every change from now on, until the returned function is called. */
export function follow(): () => void {
  cursor = null;
  let isOver = false;
  let failures = 0;
  const client = connect((event) => {
    if (isOver) return;
    liveState.set("reconnecting");
    if (isRefusal(event)) demandSignIn();
  });
  // Read at each (re)subscription: the client sends the same object again after a reconnect.
  const variables = {
    get after() {
      return cursor;
    },
  };

  const again = async (): Promise<void> => {
    if (isOver) return;
    liveState.set("reconnecting");
    await pause(failures++);
    if (!isOver) subscribe();
  };

  const take = (batch: EventBatch): void => {
    const isFresh = cursor === null || batch.reset;
    cursor = batch.cursor;
    failures = 0;
    lastHeard.set(Date.now());
    liveState.set(batch.caughtUp ? "live" : "behind");
    for (const listener of [...listeners]) listener(batch.events, isFresh);
  };

  const subscribe = (): void => {
    client.subscribe<ProcessEventsSubscription>(
      { query: stringifyDocument(PROCESS_EVENTS), variables },
      {
        next: ({ data, errors }) => {
          if (data) take(data.processEvents);
          else if (errors) liveState.set("reconnecting");
        },
        error: (problem) => {
          // A cursor that the server does not know (a restored database) would be refused for ever.
          const errors = Array.isArray(problem) ? problem : [];
          if (errors.some((error) => error.extensions?.["code"] === "CURSOR_INVALID")) cursor = null;
          void again();
        },
        complete: () => void again(),
      },
    );
  };

  liveState.set("connecting");
  subscribe();
  return () => {
    isOver = true;
    // It waits for a line that may never have come about.
    void Promise.resolve(client.dispose()).catch(() => undefined);
  };
}
