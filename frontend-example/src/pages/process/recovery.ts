/** What a person may do about a callback: exactly what the server accepts now. */
import { hasResult } from "./callbackTable";
import type { Callback, Head, StepState } from "./processModel";

export interface Offers {
  complete: boolean;
  reawait: boolean;
  reissue: boolean;
}

export const NOTHING: Offers = { complete: false, reawait: false, reissue: false };

/** The wait for which a person may act, and whether the validation after it failed. */
export interface Wait {
  index: number;
  isJudged: boolean;
}

/** The process waits there, or failed there, in the action before it, or in the validation after it. Null if nowhere. */
export function waitOf(head: Head, steps: readonly StepState[]): Wait | null {
  if (!head.availableActions.includes("COMPLETE_CALLBACK") || !head.currentStep) return null;
  const { index } = head.currentStep;
  const kind = steps[index]?.step.kind;
  if (kind === "AWAIT_CALLBACK") return { index, isJudged: false };
  if (kind === "VALIDATION") return { index: index - 1, isJudged: true };
  return steps[index + 1]?.step.kind === "AWAIT_CALLBACK" ? { index: index + 1, isJudged: false } : null;
}

/** For the latest callback of its name: one that was issued again is out of reach. */
export function offersFor(callback: Callback, head: Head, wait: Wait | null, stepIndex: number): Offers {
  if (wait?.index !== stepIndex) return NOTHING;
  const may = (action: Head["availableActions"][number]): boolean => head.availableActions.includes(action);
  const isOpen = wait.isJudged || !hasResult(callback);
  return {
    complete: isOpen && may("COMPLETE_CALLBACK"),
    reawait: !hasResult(callback) && callback.status !== "WITHDRAWN" && may("REAWAIT_CALLBACK"),
    reissue: isOpen && may("REISSUE_CALLBACK"),
  };
}

/** Callbacks that a late answer may save: those of the wait without a good result. */
export function troubledIds(wait: Wait | null, steps: readonly StepState[]): readonly string[] {
  const callbacks = wait ? (steps[wait.index]?.callbacks ?? []) : [];
  const isFine = ({ status }: Callback): boolean =>
    status === "PENDING" || (!wait?.isJudged && (status === "RECEIVED" || status === "VALIDATED"));
  return callbacks.filter((callback) => !isFine(callback)).map(({ id }) => id);
}
