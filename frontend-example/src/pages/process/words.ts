/** Words for what the API names by codes. */
import type { StepExecutionsQuery } from "../../gql/graphql";
import { lookOf } from "../../status";
import { visible } from "../../visible";
import type { Callback, Head } from "./processModel";

/** A size as a person reads it: `512 B`, `64.0 kB`, `1.2 MB`. */
export function bytes(count: number): string {
  if (count < 1_000) return `${count} B`;
  return count < 1_000_000 ? `${(count / 1_000).toFixed(1)} kB` : `${(count / 1_000_000).toFixed(1)} MB`;
}

/** `late`, `too large`: the outcome of a delivery. */
export const plain = (code: string): string => code.toLowerCase().replaceAll("_", " ");

const SOURCES: Partial<Record<NonNullable<Callback["source"]>, string>> = {
  POLL: "asked for when its time was over",
  OPERATOR: "typed in by hand",
  ADOPTED: "adopted from a late or refused delivery",
};

/** How the result came, if it did not simply arrive. */
export const sourceOf = ({ source }: Callback): string | null => (source && SOURCES[source]) ?? null;

const ENDS: Record<Callback["status"], string> = {
  PENDING: "Waiting for the remote service",
  RECEIVED: "Answered, to be validated",
  VALIDATED: "Answered and validated",
  REJECTED: "Answered, and refused by the validation",
  FAILED_BY_REMOTE: "The remote service reported a failure",
  EXPIRED: "The deadline passed without an answer",
  HEARTBEAT_LOST: "The remote service fell silent",
  WITHDRAWN: "Withdrawn: its URL is dead",
};

export function statusWords({ name, status }: Pick<Callback, "name" | "status">): string {
  if (!name) return ENDS[status];
  return status === "PENDING" ? `Waiting for ${name}` : `${name}: ${ENDS[status]}`;
}

type Execution = NonNullable<Extract<StepExecutionsQuery["node"], { executions: unknown }>>["executions"][number];
type Entered = Execution["enteredBy"];

const ENTRIES: Record<Entered, string> = {
  advance: "in its turn",
  retry: "after a retry",
  reissue: "to call the remote service again",
  reawait: "to wait longer",
  complete: "with a result typed in by hand",
  adopt: "with a late answer",
  send_back: "after it was sent back",
};

/** Why a step was executed. */
export const enteredWords = (enteredBy: Entered): string => ENTRIES[enteredBy] ?? plain(enteredBy);

/** Each execution with the number of its own tries: the server counts the tries of all executions together. */
export const withTries = <Each extends Pick<Execution, "number" | "attempt">>(executions: readonly Each[]): { execution: Each; tries: number }[] =>
  executions.map((execution, at) => {
    // Of the executions before the first that came, nothing is known.
    const before = executions[at - 1]?.attempt ?? (execution.number === 1 ? 0 : execution.attempt - 1);
    // Of a process that was sent back, the count may begin anew.
    return { execution, tries: execution.attempt > before ? execution.attempt - before : execution.attempt };
  });

/** The address of a step within its page; steps are counted from 1, as people count. */
export const anchorOf = (index: number): string => `step-${index + 1}`;

/** Characters of a reason in the title of a tab. */
const LONGEST_REASON = 100;

/** The title of the tab: what the process is about, and what is wrong with it. */
export function titleOf({ subject, status, failureReason }: Pick<Head, "subject" | "status" | "failureReason">): string {
  if (!failureReason) return subject;
  const [reason = ""] = failureReason.message.split("\n");
  return `${lookOf(status).word}: ${subject} · ${visible(reason.slice(0, LONGEST_REASON))}`;
}
