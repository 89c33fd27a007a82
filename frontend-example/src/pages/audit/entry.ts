/** The details of an audit entry, for people: what was decided and why, without what is for programs. */
import { isObject, plainText, stringify, type Json } from "../../api/json";
import { readable } from "../../visible";

/** Names of the mutations, of what remote services do, and of `products migrate`; a later server may know more. */
export const ACTIONS = [
  "startWorkflow",
  "retryProcess",
  "continueProcess",
  "abortProcess",
  "updateProcessNote",
  "submitForm",
  "rejectInputRequest",
  "claimInputRequest",
  "releaseInputRequest",
  "assignInputRequest",
  "receiveCallback",
  "failCallback",
  "reissueCallback",
  "reawaitCallback",
  "completeCallback",
  "adoptCallbackAttempt",
  "setInSync",
  "migrateProductSubscription",
  "updateProductSubscriptionNote",
  "updateCustomerDescription",
  "setEngineState",
  "resendNotification",
  "pruneProcesses",
] as const;

/** Digests and ids are for programs; the whole of the details shows them. */
const FOR_PROGRAMS = /^([0-9a-f]{64}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;
/** The address stands beside the actor. */
const ELSEWHERE = new Set(["peer"]);
/** The reason of a person comes first: it is what one reads the log for. */
const FIRST = ["reason", "comment", "verdict", "policy", "workflow"];

export function wordsOf(details: Json): [string, string][] {
  if (!isObject(details)) return [];
  const shown = Object.entries(details).filter(
    ([name, value]) =>
      value !== null && !ELSEWHERE.has(name) && !(typeof value === "string" && FOR_PROGRAMS.test(value)),
  );
  const rank = (name: string): number => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);
  return shown
    .sort(([a], [b]) => rank(a) - rank(b))
    .map(([name, value]) => [name, typeof value === "string" ? readable(plainText(value)) : stringify(value)]);
}
