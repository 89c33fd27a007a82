/** Sends operations. Answers are read without loss, and a problem is one of two errors with words for a person. */
import { Client, fetchExchange, type AnyVariables, type DocumentInput, type OperationResult } from "urql";
import { parse, stringify } from "./json";
import { learnServerTime } from "./serverClock";
import { credentials, demand, demandSignIn } from "./session";

/** The server answered with an error, or did not answer; `errorId` finds the details in the server's log. */
export class ApiError extends Error {
  constructor(
    message: string,
    readonly code: string | null = null,
    readonly errorId: string | null = null,
  ) {
    super(message);
  }
}

/** The code of an operation that the schema of the server does not fit: all ours fit the schema of their own release. */
const OF_VALIDATION = "GRAPHQL_VALIDATION_FAILED";
const OTHER_RELEASE =
  "The server that answered is of an older release than this page, and does not know all that is asked here. Try again after its upgrade.";

/** The server wants a token, or another one. */
export class Unauthenticated extends ApiError {}

/** An error where only a text can stand: its message, and the id that finds the details in the server's log. */
export function errorText(error: Error): string {
  const id = error instanceof ApiError ? error.errorId : null;
  return id && !error.message.includes(id) ? `${error.message} (error id ${id})` : error.message;
}

/** Longer than the server takes for anything. A frozen server or a lost line answers never. */
const LONGEST_WAIT = 60_000;

/** A form sends its values back: there, even `1.0` stays `1.0`. */
const HOLDS_FORM = /"initialData":/;

/**
 * Reads of JSON that is only shown, as it was stored: `1.0` stays `1.0`. A number with a fraction
 * becomes a text as well, so they select none besides, or `numberOf` reads it; everything else reads numbers as numbers.
 */
const SHOWN = ["CallbackResult", "ResultDifferences", "StepState", "StepFailure", "ProcessFailure", "Deliveries"].concat(
  ["EarlierDecisions", "InputRequest"],
  ["ProductSubscriptionDetail", "SubscriptionHistory", "ChangesBetween", "Audit", "Notifications", "NotificationsById", "ProgressLogPage"],
);
const SHOWS_JSON = new RegExp(`"operationName":"(?:${SHOWN.join("|")})"`);

export const showsJson = (operation: string): boolean => SHOWN.includes(operation);

/** Numbers that JavaScript cannot hold travel as marked texts, in both directions. */
async function losslessFetch(input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> {
  const body = typeof init.body === "string" ? stringify(JSON.parse(init.body)) : init.body;
  const limit = AbortSignal.timeout(LONGEST_WAIT);
  const signal = init.signal ? AbortSignal.any([init.signal, limit]) : limit;
  const sentAt = Date.now();
  const response = await fetch(input, { ...init, body: body ?? null, signal });
  learnServerTime(response.headers.get("date"), sentAt);
  const text = await response.text();
  const { status, statusText, headers } = response;
  let exact = text;
  try {
    exact = JSON.stringify(parse(text, HOLDS_FORM.test(text) || SHOWS_JSON.test(String(body))));
  } catch {
    // No JSON: a proxy's page. The client reports the status.
  }
  return new Response(status === 204 ? null : exact, { status, statusText, headers });
}

export const client = new Client({
  url: new URL("graphql", document.baseURI).href,
  exchanges: [fetchExchange],
  requestPolicy: "network-only",
  preferGetMethod: false,
  fetch: losslessFetch,
  fetchOptions: () => ({ headers: { accept: "application/graphql-response+json, application/json;q=0.9", ...credentials() } }),
});

/** Run a query or a mutation. A field error is as good as a failure: pages show whole answers only. */
export async function run<Data, Variables extends AnyVariables>(
  document: DocumentInput<Data, Variables>,
  variables: Variables,
  kind: "query" | "mutation" = "query",
): Promise<Data> {
  if (demand.get() !== null) throw new Unauthenticated("Sign in first.");
  const result = await (kind === "query" ? client.query(document, variables) : client.mutation(document, variables));
  return dataOf(result);
}

function dataOf<Data>({ data, error }: OperationResult<Data>): Data {
  const status = (error?.response as Response | undefined)?.status;
  const [first] = error?.graphQLErrors ?? [];
  const words = error?.graphQLErrors.map(({ message }) => message).join(" · ");
  if (status === 401) {
    demandSignIn();
    throw new Unauthenticated(words || "Sign in first.");
  }
  if (first) {
    const code = textOf(first.extensions["code"]);
    const isOlder = code === OF_VALIDATION;
    throw new ApiError(isOlder ? `${OTHER_RELEASE} (${words})` : (words ?? ""), code, textOf(first.extensions["errorId"]));
  }
  if (error) throw new ApiError(status ? `The server answered with status ${status}.` : "The server does not answer.");
  if (!data) throw new ApiError("The server answered without data.");
  return data;
}

const textOf = (value: unknown): string | null => (typeof value === "string" ? value : null);

/** A key for a command, so that sending it twice does it once. */
export function freshKey(): string {
  // crypto.randomUUID is missing if the page is served over plain HTTP from another host.
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
