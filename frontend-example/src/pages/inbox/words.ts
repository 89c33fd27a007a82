/** What happened to a task, in words. */
import type { Task } from "./taskList";

const ENDS: Partial<Record<Task["status"], string>> = {
  EXPIRED: "Expired: nobody answered in time",
  WITHDRAWN: "Withdrawn: nothing is asked any more",
};

const VERDICTS = { APPROVED: "Confirmed", REJECTED: "Rejected", SENT_BACK: "Sent back" } as const;

/** Why a task that was shown no longer waits for the person. */
export function outcomeOf({ status, decisions, claimedBy, assignee }: Task): string {
  const last = decisions.at(-1);
  const end = ENDS[status];
  if (end) return end;
  if (last && status !== "OPEN") return `${VERDICTS[last.verdict]} by ${last.by?.name ?? `the policy ${last.policy ?? ""}`}`;
  if (claimedBy) return `Claimed by ${claimedBy.name}`;
  return status === "OPEN" ? `For ${assignee.name}` : "Closed";
}

/** The beginning of an id is the time, alike for all that start together: its end tells them apart. */
export const tailOf = (id: string): string => `…${id.slice(-6)}`;
