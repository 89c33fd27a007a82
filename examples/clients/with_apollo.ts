// Start a workflow, watch it, confirm its result: with Apollo Client.

import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from "@apollo/client";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { OperationTypeNode } from "graphql";
import { createClient } from "graphql-ws";
import * as ops from "./operations.js";

const http = new HttpLink({ uri: `${ops.server}/graphql`, headers: ops.headers });
const socket = new GraphQLWsLink(
  createClient({
    url: `${ops.server.replace(/^http/, "ws")}/graphql`,
    connectionParams: ops.headers,
    retryAttempts: 0, // watch() reconnects itself, because the cursor must be the newest
  }),
);
const client = new ApolloClient({
  cache: new InMemoryCache(),
  link: ApolloLink.split(({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION, socket, http),
  defaultOptions: { query: { fetchPolicy: "no-cache" }, mutate: { fetchPolicy: "no-cache" } },
});

/** Call `seen` for each event, and `ready` once the stream works; it goes on after a lost connection, without a gap. */
function watch(ready: () => void, seen: (event: ops.Event) => void, cursor: string | null = null): void {
  const again = () => setTimeout(() => watch(ready, seen, cursor), 1000);
  const variables = { after: cursor };
  client.subscribe<ops.Watch>({ query: gql(ops.WATCH), variables, fetchPolicy: "no-cache" }).subscribe({
    next: ({ data }) => {
      if (!data) return;
      cursor = data.processEvents.cursor;
      ready();
      data.processEvents.events.forEach(seen);
    },
    error: again,
    complete: again,
  });
}

async function start(): Promise<string> {
  const { data } = await client.mutate<ops.Start>({ mutation: gql(ops.START), variables: { input: ops.order } });
  if (!data?.startWorkflow.process) throw new Error(`not started: ${JSON.stringify(data?.startWorkflow)}`);
  return data.startWorkflow.process.id;
}

async function confirm(id: string): Promise<void> {
  const { data } = await client.query<ops.Form>({ query: gql(ops.FORM), variables: { id } });
  const request = data?.process?.openInputRequest;
  if (!request) return; // somebody else was faster
  console.log(request.title, request.form?.initialData);
  const input = ops.confirmation(request);
  const confirmed = await client.mutate<ops.Confirm>({ mutation: gql(ops.CONFIRM), variables: { input } });
  console.log("confirmed:", confirmed.data?.submitForm.__typename);
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
