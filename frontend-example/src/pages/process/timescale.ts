/** Times of steps on one scale: what was worked, and what was waited for. */
import type { Head, Step, StepState } from "./processModel";

/**
 * Whose time it was: the engine's, the remote service's, a person's, or that until a known time. Of a step whose machine
 * died, nobody knows how long it worked: its time goes on until a worker finds it. Of a step that was tried again, nobody
 * knows how much of its time the tries took, and how much the pauses between them.
 */
export type TimeKind = "work" | "tries" | "remote" | "person" | "pause" | "lost";

export const TIME_KINDS: readonly TimeKind[] = ["work", "tries", "remote", "person", "pause", "lost"];

export const TIME_WORDS: Record<TimeKind, string> = {
  work: "working",
  tries: "in several tries, with the time between them",
  remote: "waiting for a remote",
  person: "waiting for a person",
  pause: "waiting for a time",
  lost: "in a step whose machine died",
};

type Timed = Pick<Step, "kind" | "status" | "startedAt" | "completedAt"> & Partial<Pick<Step, "failureReason" | "attempt" | "executionCount">>;

/** Seconds: a step of the product that took longer was a wait for a time. The start, the end and the like take none. */
const INSTANT = 1;

export function timeKindOf(step: Timed): TimeKind {
  if (step.failureReason?.code === "interrupted") return "lost";
  // An action may be called again after a pause. When an operator was asked, the forms of the wait say.
  if (step.kind === "AWAIT_CALLBACK" && step.status !== "WAITING") return "remote";
  if (step.kind === "INPUT") return "person";
  const wasWait = step.kind === "SYSTEM" && secondsOf(step, 0) > INSTANT;
  if (step.status === "WAITING" || wasWait) return "pause";
  return wasTriedAgain(step) ? "tries" : "work";
}

/** True if an execution of the step had more than one try: after a crash, or as its author says. Tries are counted over all executions. */
const wasTriedAgain = ({ attempt = 0, executionCount = 0 }: Timed): boolean => attempt > Math.max(executionCount, 1);

/** The period that the bars cover, in milliseconds. */
export interface Axis {
  start: number;
  end: number;
}

/** By so much the scale of an open process grows when its end is reached: bars do not shrink every second. */
const GROWTH = 1.15;

type Lasting = Pick<Head, "status" | "startedAt" | "endedAt">;

/** The scale of a process that failed ends with its last step, however long ago that was. */
export function axisOf({ status, startedAt, endedAt }: Lasting, steps: readonly StepState[], now: number): Axis {
  const start = Date.parse(startedAt);
  const last = endedAt ?? (status === "FAILED" ? lastEndOf(steps) : null);
  if (last) return { start, end: Math.max(Date.parse(last), start + 1) };
  let length = 1_000;
  while (start + length < now) length *= GROWTH;
  return { start, end: start + length };
}

const lastEndOf = (steps: readonly StepState[]): string | null =>
  steps.reduce<string | null>((last, { step }) => (step.completedAt && step.completedAt > (last ?? "") ? step.completedAt : last), null);

/** The whole bar is so many units long. */
export const BAR = 1_000;
const SHORTEST = 4;

/** Where the bar of a step begins and how long it is; null if the step was not reached. */
export function barOf({ startedAt, completedAt }: Timed, axis: Axis, now: number): { x: number; width: number } | null {
  if (!startedAt) return null;
  const unit = BAR / (axis.end - axis.start);
  const [from, to] = [Date.parse(startedAt), completedAt ? Date.parse(completedAt) : now];
  const width = Math.min(Math.max((to - from) * unit, SHORTEST), BAR);
  // A clock that differs from the server's must not draw outside.
  return { x: Math.min(Math.max((from - axis.start) * unit, 0), BAR - width), width };
}

export function secondsOf({ startedAt, completedAt }: Timed, now: number): number {
  if (!startedAt) return 0;
  const milliseconds = (completedAt ? Date.parse(completedAt) : now) - Date.parse(startedAt);
  // What is done took some time, also if that is less than this counts.
  return Math.max(completedAt ? 1 : 0, milliseconds) / 1000;
}

/** The times within a wait for a service at which an operator was asked instead. */
export function askedIn({ step, requests }: Pick<StepState, "step" | "requests">): readonly Timed[] {
  const { kind, startedAt, completedAt } = step;
  if (kind !== "AWAIT_CALLBACK" || !startedAt) return [];
  // Forms of an earlier execution of the step were closed before this one began.
  return requests
    .filter(({ closedAt }) => !closedAt || closedAt > startedAt)
    .map(({ createdAt, closedAt }) => ({ kind: "INPUT", status: "SUSPENDED", startedAt: createdAt, completedAt: closedAt ?? completedAt }));
}

/** The seconds of each kind in all steps. */
export function totalsOf(steps: readonly StepState[], now: number): Record<TimeKind, number> {
  const totals: Record<TimeKind, number> = { work: 0, tries: 0, remote: 0, person: 0, pause: 0, lost: 0 };
  for (const state of steps) {
    const all = secondsOf(state.step, now);
    const asked = Math.min(all, askedIn(state).reduce((sum, each) => sum + secondsOf(each, now), 0));
    totals.person += asked;
    totals[timeKindOf(state.step)] += all - asked;
  }
  return totals;
}
