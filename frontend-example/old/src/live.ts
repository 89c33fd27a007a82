/** The live stream: one subscription that resumes behind the last change seen, however often the line breaks. */
import { createClient, type Client } from "graphql-ws";
import { PROCESS_EVENTS } from "./documents";
import type { EventBatch } from "./model";
import { credentials } from "./session";

export type LiveState = "connecting" | "live" | "behind" | "reconnecting";

interface Listener {
  onState: (state: LiveState) => void;
  /** `fresh`: nothing is known about what happened before this batch, so everything must be read anew. */
  onBatch: (batch: EventBatch, fresh: boolean) => void;
  /** The server wants to know who follows: nothing more comes. */
  onRefused: () => void;
}

const FORBIDDEN = 4403;
const isRefusal = (event: unknown) => event instanceof CloseEvent && event.code === FORBIDDEN;

const PING_EVERY = 10_000;
const PONG_WITHIN = 5_000;
const LONGEST_PAUSE = 8_000;

const pause = (attempt: number) =>
  new Promise<void>((resolve) =>
    setTimeout(resolve, Math.min(400 * 2 ** attempt, LONGEST_PAUSE) * (0.75 + Math.random() / 2)),
  );

/** A line to the server that is opened again whenever it breaks, unless the server wants to know who asks. */
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
      // A line that is cut without a word is noticed by the missing pong only.
      ping: (received) => {
        if (!received) pongDue = setTimeout(() => client.terminate(), PONG_WITHIN);
      },
      pong: (received) => {
        if (received) clearTimeout(pongDue);
      },
      closed: (event) => {
        clearTimeout(pongDue);
        onClosed(event);
      },
    },
  });
  return client;
}

/** Follow every change from now on, until what is returned is called. */
export function follow({ onState, onBatch, onRefused }: Listener): () => void {
  let cursor: string | null = null;
  let isOver = false;
  const client = connect((event) => {
    if (isOver) return;
    onState("reconnecting");
    if (isRefusal(event)) onRefused();
  });

  // Read at every (re)subscription: the client sends the same object again after each reconnect.
  const variables = {
    get after() {
      return cursor;
    },
  };

  let failures = 0;
  const again = async () => {
    if (isOver) return;
    onState("reconnecting");
    await pause(failures++);
    if (!isOver) subscribe();
  };

  const subscribe = () =>
    client.subscribe<{ processEvents: EventBatch }>(
      { query: PROCESS_EVENTS, variables },
      {
        next: ({ data, errors }) => {
          if (!data) return onState(errors ? "reconnecting" : "live");
          const batch = data.processEvents;
          const fresh = cursor === null || batch.reset;
          cursor = batch.cursor;
          failures = 0;
          onState(batch.caughtUp ? "live" : "behind");
          onBatch(batch, fresh);
        },
        error: (problem) => {
          // A cursor the server does not know (a restored database, say) would be refused for ever.
          if (Array.isArray(problem) && problem.some((error) => error.extensions?.["code"] === "CURSOR_INVALID"))
            cursor = null;
          void again();
        },
        complete: () => void again(),
      },
    );

  onState("connecting");
  subscribe();
  return () => {
    isOver = true;
    // It waits for a line that may never have come about.
    void Promise.resolve(client.dispose()).catch(() => undefined);
  };
}
