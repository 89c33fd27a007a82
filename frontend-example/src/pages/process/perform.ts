/** Sends what a person wants done. Null if it was done, else the words of the refusal. */
import type { DocumentInput } from "urql";
import { errorText, run } from "../../api/client";
import { serverNow } from "../../api/serverClock";
import type { ProcessRefusalFragment } from "../../gql/graphql";
import { moment } from "../../time";
import { zone } from "../../preferences";

interface Answer {
  done: { __typename: string } | ({ __typename: string } & ProcessRefusalFragment);
}

export async function perform<Input extends object>(
  document: DocumentInput<Answer, { input: Input }>,
  input: Input,
): Promise<string | null> {
  try {
    const { done } = await run(document, { input }, "mutation");
    return "code" in done ? refusalWords(done) : null;
  } catch (problem) {
    return errorText(problem as Error);
  }
}

/** The server's words, and who was first if somebody was. */
function refusalWords(refusal: ProcessRefusalFragment): string {
  const words = [refusal.message];
  if ("by" in refusal && (refusal.by || refusal.at)) {
    const by = refusal.by && !refusal.message.includes(refusal.by.name) ? ` by ${refusal.by.name}` : "";
    const at = refusal.at ? ` at ${moment(refusal.at, zone.get(), serverNow())}` : "";
    if (by || at) words.push(`That was${by}${at}.`);
  }
  if ("errors" in refusal) words.push(...refusal.errors.map(({ message }) => message).filter((text) => text !== refusal.message));
  if (refusal.code === "STALE_VERSION") words.push("Look at what changed, then try again: nothing you typed is lost.");
  return words.join(" ");
}
