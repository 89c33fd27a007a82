/** Questions and commands over plain HTTP. */
import { credentials, demandSignIn, session } from "./session";

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** The server answered with errors instead of data, or did not answer. */
export class ApiError extends Error {}

/** The server wants a token, or another one. */
export class Unauthenticated extends ApiError {}

interface Answer<T> {
  data?: T | null;
  errors?: { message: string; extensions?: { code?: string } }[];
}

const MEDIA_TYPES = {
  "content-type": "application/json",
  accept: "application/graphql-response+json, application/json;q=0.9",
};

/** Run one operation; a field error is as good as a failure, since this page shows whole answers only. */
export async function request<T>(query: string, variables: Record<string, unknown> = {}): Promise<T> {
  if (session.isLocked) throw new Unauthenticated("Sign in first.");
  try {
    return await send<T>(query, variables, credentials());
  } catch (problem) {
    if (problem instanceof Unauthenticated) demandSignIn();
    throw problem;
  }
}

/** The same with other credentials than those of this tab. */
export async function send<T>(
  query: string,
  variables: Record<string, unknown>,
  head: Record<string, string>,
): Promise<T> {
  const body = JSON.stringify({ query, variables });
  const response = await fetch("graphql", { method: "POST", headers: { ...MEDIA_TYPES, ...head }, body }).catch(() => {
    throw new ApiError("The server does not answer.");
  });
  const answer = (await response.json().catch(() => null)) as Answer<T> | null;
  const words = answer?.errors?.map((error) => error.message).join(" · ");
  if (response.status === 401) throw new Unauthenticated(words || "The server wants to know who asks.");
  if (words) throw new ApiError(words);
  if (!answer?.data) throw new ApiError(`The server answered with status ${response.status}.`);
  return answer.data;
}

/** A key of our own for a command, so that sending it twice does it once. */
export function freshKey(): string {
  // crypto.randomUUID is missing where the page is served over plain HTTP from another host.
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
