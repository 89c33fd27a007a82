/** Questions and commands over plain HTTP. */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** The server answered with errors instead of data, or did not answer. */
export class ApiError extends Error {}

interface Answer<T> {
  data?: T | null;
  errors?: { message: string; extensions?: { code?: string } }[];
}

/** Run one operation; a field error is as good as a failure, since this page shows whole answers only. */
export async function request<T>(query: string, variables: Record<string, unknown> = {}): Promise<T> {
  const response = await fetch("/graphql", {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/graphql-response+json, application/json;q=0.9",
    },
    body: JSON.stringify({ query, variables }),
  }).catch(() => {
    throw new ApiError("The server does not answer.");
  });
  const answer = (await response.json().catch(() => null)) as Answer<T> | null;
  if (answer?.errors?.length) throw new ApiError(answer.errors.map((error) => error.message).join(" · "));
  if (!answer?.data) throw new ApiError(`The server answered with status ${response.status}.`);
  return answer.data;
}

/** A key of our own for a command, so that sending it twice does it once. */
export function freshKey(): string {
  // crypto.randomUUID is missing where the page is served over plain HTTP from another host.
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
