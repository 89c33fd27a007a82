// The client of graphql-ws against the address in the first argument; prints what each scenario saw as JSON.
import { createClient } from "graphql-ws";
import WebSocket from "ws";

const url = process.argv[2];

function open(options = {}) {
  return createClient({ url, webSocketImpl: WebSocket, retryAttempts: 0, ...options });
}

async function all(client, payload) {
  const seen = [];
  for await (const result of client.iterate(payload)) seen.push(result);
  return seen;
}

async function lazily() {
  const client = open();
  const query = await all(client, { query: "{ hello }" });
  const mutation = await all(client, { query: 'mutation { rename(name: "x") }' });
  const subscription = await all(client, { query: "subscription { countUp(to: 3) { number } }" });
  await client.dispose();
  return { query, mutation, subscription };
}

async function eagerly() {
  const connected = Promise.withResolvers?.() ?? deferred();
  const client = open({ lazy: false, on: { connected: () => connected.resolve("connected") } });
  const first = await connected.promise;
  const query = await all(client, { query: "{ hello }" });
  await client.dispose();
  return { first, query };
}

function deferred() {
  const both = {};
  both.promise = new Promise((resolve, reject) => Object.assign(both, { resolve, reject }));
  return both;
}

async function refused() {
  const client = open();
  const errors = await all(client, { query: "{ nonsense }" }).catch((found) => found);
  const after = await all(client, { query: "{ hello }" });
  await client.dispose();
  return { codes: errors.map((error) => error.extensions.code), after };
}

async function completed() {
  const client = open();
  const endless = client.iterate({ query: "subscription { endless }" });
  const first = await endless.next();
  await endless.return();
  const after = await all(client, { query: "{ hello }" });
  await client.dispose();
  return { first: Object.keys(first.value.data), after };
}

// The connection is cut after two results; the client comes back and goes on behind the last cursor it saw.
async function resumed() {
  let socket;
  let cursor = null;
  const seen = [];
  const client = open({
    retryAttempts: 3,
    retryWait: async () => {},
    on: { opened: (one) => (socket = one) },
  });
  const done = deferred();
  const payload = {
    query: "subscription ($after: String) { resting(after: $after) { cursor number } }",
    get variables() {
      return { after: cursor };
    },
  };
  const stop = client.subscribe(payload, {
    next: ({ data }) => {
      cursor = data.resting.cursor;
      seen.push(data.resting.number);
      if (seen.length === 2) socket.terminate();
      if (seen.length === 4) done.resolve();
    },
    error: done.reject,
    complete: () => {},
  });
  await done.promise;
  stop();
  await client.dispose();
  return { seen };
}

async function forbidden() {
  const client = open({ connectionParams: { token: "wrong" } });
  const closing = await all(client, { query: "{ hello }" }).catch((event) => event);
  return { code: closing.code, reason: closing.reason };
}

const outcome = {};
for (const scenario of [lazily, eagerly, refused, completed, resumed, forbidden]) {
  outcome[scenario.name] = await scenario();
}
process.stdout.write(JSON.stringify(outcome));
process.exit(0);
