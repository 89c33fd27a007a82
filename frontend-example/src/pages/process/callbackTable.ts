/** The callbacks of one step as rows, those that need attention first. */
import type { Callback } from "./processModel";

/** The latest callback of a name, with those that were issued before it. */
export interface Row {
  callback: Callback;
  earlier: readonly Callback[];
}

/** One row a name; the callbacks come oldest first. */
export function rowsOf(callbacks: readonly Callback[]): readonly Row[] {
  const byName = new Map<string | null, Row>();
  for (const callback of callbacks) {
    const before = byName.get(callback.name);
    byName.set(callback.name, { callback, earlier: before ? [...before.earlier, before.callback] : [] });
  }
  return [...byName.values()];
}

const WITH_RESULT: readonly Callback["status"][] = ["RECEIVED", "VALIDATED", "REJECTED"];
const FAILED: readonly Callback["status"][] = ["FAILED_BY_REMOTE", "EXPIRED", "HEARTBEAT_LOST", "REJECTED"];

export const hasResult = ({ status }: Pick<Callback, "status">): boolean => WITH_RESULT.includes(status);
export const isFailed = ({ status }: Pick<Callback, "status">): boolean => FAILED.includes(status);

function isOverdue({ status, expiresAt }: Callback, now: number): boolean {
  return status === "PENDING" && expiresAt !== null && Date.parse(expiresAt) < now;
}

/** The status as the badge knows it: a step that is PENDING is to come, a callback that is PENDING waits. */
export const badgeOf = ({ status }: Pick<Callback, "status">): string => (status === "PENDING" ? "OPEN" : status);

function rank(callback: Callback, late: ReadonlySet<string | null>, now: number): number {
  if (!hasResult(callback) && late.has(callback.name)) return 0;
  if (isFailed(callback)) return 1;
  if (isOverdue(callback, now)) return 2;
  return { PENDING: 3, WITHDRAWN: 4, RECEIVED: 5 }[callback.status as string] ?? 6;
}

/** A late answer first, then failures, overdue, waiting, and what is well last; else in the order of the workflow. */
export function sorted(rows: readonly Row[], late: ReadonlySet<string | null>, now: number): readonly Row[] {
  return [...rows].sort((a, b) => rank(a.callback, late, now) - rank(b.callback, late, now));
}

/** `4 of 12 answered, 1 failed`. */
export function countWords(rows: readonly Row[]): string {
  const answered = rows.filter(({ callback }) => hasResult(callback)).length;
  const failed = rows.filter(({ callback }) => isFailed(callback)).length;
  return `${answered} of ${rows.length} answered${failed ? `, ${failed} failed` : ""}`;
}

const SILENT: readonly Callback["status"][] = ["EXPIRED", "HEARTBEAT_LOST"];

/** Nobody answered: the status says all of it. */
export const isSilent = ({ status }: Pick<Callback, "status">): boolean => SILENT.includes(status);

/** Why there is no good result, unless the status says it already. */
export function reasonOf({ status, failure, validation }: Callback): string | null {
  if (isSilent({ status })) return null;
  return failure?.message ?? (validation?.outcome === "REJECTED" ? (validation.message ?? "Refused by the validation.") : null);
}
