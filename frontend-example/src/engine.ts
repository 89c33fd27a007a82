/** What the state of the engine means for the processes. */
import type { HomeQuery } from "./gql/graphql";

type Facts = Pick<NonNullable<HomeQuery["engine"]>, "state" | "workers" | "queuedProcesses" | "lagSeconds">;

/** A worker that starts takes what waits within a second or two: a shorter wait is no reason to alarm anybody. */
const ALARM_SECONDS = 5;

/** True if processes wait for a worker and no worker is alive. A paused engine has a reason of its own. */
export function lacksWorkers({ state, workers, queuedProcesses, lagSeconds }: Facts): boolean {
  return state === "RUNNING" && workers.length === 0 && queuedProcesses > 0 && lagSeconds >= ALARM_SECONDS;
}
