/** Many tasks decided at once: which of them a yes is enough for, what is sent, and what came of each. */
import type { BulkDecideMutation, BulkFormsQuery, RejectInputRequestInput, SubmitFormInput } from "../../gql/graphql";
import { payloadOf } from "../../forms/payload";

/** The server takes at most so many at once. */
export const MOST_AT_ONCE = 100;

/** The chosen tasks after a choice. Those that may no longer be decided do not count. */
export function withChoice(
  before: ReadonlySet<string>,
  decidable: readonly string[],
  ids: readonly string[],
  isChosen: boolean,
): ReadonlySet<string> {
  const after = new Set(decidable.filter((id) => before.has(id)));
  for (const id of ids) {
    if (!isChosen) after.delete(id);
    else if (after.size < MOST_AT_ONCE) after.add(id);
  }
  return after;
}

export type BulkTask = Extract<NonNullable<NonNullable<BulkFormsQuery["nodes"]>[number]>, { version: number }>;
export type Page = Extract<NonNullable<BulkTask["form"]>, { __typename: "FormPage" }>;
type Answer = BulkDecideMutation["decideInputRequests"]["submitted" | "rejected"][number];

/** `ready` asks for a yes and nothing else; `fill` has fields; `blocked` may not be approved by this person. */
export type Kind = "ready" | "fill" | "blocked" | "closed";

export interface Outcome {
  task: BulkTask;
  isDone: boolean;
  words: string;
  /** The time of the decision that was faster. */
  at: string | null;
}

export function pageOf({ form }: BulkTask): Page | null {
  return form?.__typename === "FormPage" ? form : null;
}

export function kindOf(task: BulkTask): Kind {
  if (task.status !== "OPEN") return "closed";
  if (!task.canSubmit) return "blocked";
  if (task.form?.__typename === "FormComplete") return "ready";
  return pageOf(task)?.isConfirmation ? "ready" : "fill";
}

/** What is sent to approve the tasks. The keys make a second try of the same click harmless. */
export function approvals(tasks: readonly BulkTask[], comment: string, keys: ReadonlyMap<string, string>): SubmitFormInput[] {
  return tasks.map((task) => {
    const page = pageOf(task);
    return {
      inputRequestId: task.id,
      pages: page ? [payloadOf(page, page.initialData)] : [],
      comment: comment.trim() || null,
      expectedVersion: task.version,
      shownDigest: page?.digest ?? null,
      idempotencyKey: keys.get(task.id) ?? null,
    };
  });
}

export function rejections(tasks: readonly BulkTask[], comment: string): RejectInputRequestInput[] {
  return tasks.map(({ id, version }) => ({ inputRequestId: id, comment: comment.trim(), expectedVersion: version, sendBack: false }));
}

/** One outcome a task; the answers come in the order of the tasks. */
export function outcomesOf(tasks: readonly BulkTask[], answers: readonly Answer[], done: string): Outcome[] {
  return tasks.map((task, index) => {
    const answer = answers[index];
    if (!answer) return { task, isDone: false, words: "The server gave no answer for this task.", at: null };
    if (answer.__typename === "FormIncomplete") return { task, isDone: false, words: "There is a further page: open it.", at: null };
    if (!("code" in answer)) return { task, isDone: true, words: `${done}.`, at: null };
    const { by = null, at = null } = answer.__typename === "ConflictError" ? answer : {};
    const who = by && !answer.message.includes(by.name) ? ` That was ${by.name}.` : "";
    return { task, isDone: false, words: `${answer.message}${who}`, at };
  });
}
