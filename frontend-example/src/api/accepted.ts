/** The outcome of a mutation: success, or an error that the schema types. */
import { ApiError } from "./client";

interface Outcome {
  __typename: string;
  code?: string;
  message?: string;
}

/** Select `... on UserError { code message }` beside the success; a refusal becomes an exception with the server's words. */
export function demandAccepted(outcome: Outcome): void {
  if (outcome.message !== undefined) throw new ApiError(outcome.message, outcome.code ?? null);
}
