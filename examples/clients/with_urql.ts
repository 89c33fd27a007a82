// Start a workflow, watch it, confirm its result: with urql.

import { Client, fetchExchange, gql, subscriptionExchange } from "@urql/core";
import { createClient } from "graphql-ws";
import * as ops from "./operations.js";

const socket = createClient({
  url: `${ops.server.replace(/^http/, "ws")}/graphql`,
  connectionParams: ops.headers,
  retryAttempts: 0, // watch() reconnects itself, because the cursor must be the newest
});

const client = new Client({
  url: `${ops.server}/graphql`,
  preferGetMethod: false, // the server takes queries by POST
  fetchOptions: { headers: ops.headers },
  exchanges: [
    fetchExchange, // no cacheExchange: each answer is the newest
    subscriptionExchange({
      forwardSubscription: ({ query, variables }) => ({
        subscribe: (sink) => ({
          unsubscribe: socket.subscribe(
            { query: query ?? "", variables },
            { ...sink, next: (value) => sink.next(value as never) },
          ),
        }),
      }),
    }),
  ],
});

/** Call `seen` for each event, and `ready` once the stream works; it goes on after a lost connection, without a gap. */
function watch(ready: () => void, seen: (event: ops.Event) => void, cursor: string | null = null): void {
  const { unsubscribe } = client.subscription<ops.Watch>(gql(ops.WATCH), { after: cursor }).subscribe((result) => {
    if (result.data) {
      cursor = result.data.processEvents.cursor;
      ready();
      result.data.processEvents.events.forEach(seen);
    } else if (result.error) {
      unsubscribe();
      setTimeout(() => watch(ready, seen, cursor), 1000);
    }
  });
}

async function start(): Promise<string> {
  const { data, error } = await client.mutation<ops.Start>(gql(ops.START), { input: ops.order }).toPromise();
  if (!data?.startWorkflow.process) throw new Error(`not started: ${JSON.stringify(data?.startWorkflow ?? error?.message)}`);
  return data.startWorkflow.process.id;
}

async function confirm(id: string): Promise<void> {
  const { data } = await client.query<ops.Form>(gql(ops.FORM), { id }).toPromise();
  const request = data?.process?.openInputRequest;
  if (!request) return; // somebody else was faster
  console.log(request.title, request.form?.initialData);
  const input = ops.confirmation(request);
  const confirmed = await client.mutation<ops.Confirm>(gql(ops.CONFIRM), { input }).toPromise();
  console.log("confirmed:", confirmed.data?.submitForm.__typename ?? confirmed.error?.message);
}

const started = new Promise<string>((resolve, reject) => {
  let isStarted = false;
  watch(
    () => {
      if (!isStarted) start().then(resolve, reject); // only now, so that no event is missed
      isStarted = true;
    },
    (event) => void started.then((id) => (event.processId === id ? handle(event, id) : undefined)),
  );
});

async function handle(event: ops.Event, id: string): Promise<void> {
  console.log(event.__typename, event.stepName ?? "", event.toStepStatus ?? event.toProcessStatus ?? "");
  if (event.toProcessStatus === "SUSPENDED") await confirm(id);
  if (event.toProcessStatus === "COMPLETED") process.exit(0);
  if (event.toProcessStatus === "FAILED" || event.toProcessStatus === "ABORTED") process.exit(1);
}

await started;
