/** What is known of an input request, and what people say about it. */
import type { DecisionPartsFragment, EarlierDecisionsQuery, InputRequestQuery } from "../../gql/graphql";

export type Viewer = InputRequestQuery["viewer"];
export type Request = Extract<NonNullable<InputRequestQuery["node"]>, { __typename: "InputRequest" }>;
export type Decision = DecisionPartsFragment;

/** What a decision is read with. */
export type Asked = Pick<Request, "approvalsNeeded" | "sendBackTo">;

export const isOpen = ({ status }: Request): boolean => status === "OPEN";

export const isViewer = (viewer: Viewer, user: { id: string } | null): boolean =>
  user !== null && viewer.user?.id === user.id;

/** May give forms to other people, though they are not of the person's teams. */
export const mayManage = ({ permissions }: Viewer): boolean =>
  permissions.includes("MANAGE_ENGINE") && permissions.includes("SUBMIT_FORM");

export const ENDS: Record<string, string> = {
  EXPIRED: "Expired: nobody answered in time",
  WITHDRAWN: "Withdrawn: nothing is asked any more",
};

export function verdictWords({ verdict }: Decision, { approvalsNeeded, sendBackTo }: Asked): string {
  if (verdict === "APPROVED") return approvalsNeeded > 1 ? "Approved" : "Confirmed";
  if (verdict === "SENT_BACK") return sendBackTo ? `Sent back to ${sendBackTo}` : "Sent back";
  return "Rejected";
}

export function whoWords({ by, policy }: Decision): string {
  if (by) return ` by ${by.name}`;
  return policy ? ` by the policy ${policy}, without a person` : "";
}

export const approvalsWords = ({ approvalsNeeded, decisions }: Pick<Request, "approvalsNeeded" | "decisions">): string | null =>
  approvalsNeeded > 1 ? `${decisions.length} of ${approvalsNeeded} approvals` : null;

/** A warning: perhaps the team was removed from the settings. `SYSTEM` is the team of everybody, and its name says so. */
export const openWords = ({ assignee, isOpenToAll }: Pick<Request, "assignee" | "isOpenToAll">): string | null =>
  isOpenToAll && assignee.key !== "SYSTEM" ? "everybody may answer: the team has no members" : null;

const FIRST: Partial<Record<Decision["verdict"], string>> = {
  REJECTED: "rejected this first",
  SENT_BACK: "sent this back first",
};

/** Who was first with what: the decision of this time, else the last one; null if there is none. */
export function firstWords({ decisions, approvalsNeeded }: Request, gaveWayAt?: string): { words: string; at: string } | null {
  const last = decisions.find(({ at }) => at === gaveWayAt) ?? decisions.at(-1);
  if (!last) return null;
  const who = last.by?.name ?? `The policy ${last.policy ?? ""}`;
  const did = FIRST[last.verdict] ?? (approvalsNeeded > 1 ? "approved this first" : "confirmed this first");
  return { words: `${who} ${did}`, at: last.at };
}

type Steps = NonNullable<EarlierDecisionsQuery["process"]>["steps"];

/** The request of the same step that was asked before this one; null if there is none. */
export function askedBefore({ id, createdAt, step }: Request): string | null {
  const before = step.inputRequests.filter((other) => other.id !== id && other.createdAt <= createdAt);
  return before.sort((a, b) => a.createdAt.localeCompare(b.createdAt)).at(-1)?.createdAt ?? null;
}

/** The decision because of which the step asks again: the last that sent back since it asked before. */
export function sentBack(steps: Steps, since: string, until: string): { decision: Decision; asked: Asked } | null {
  return (
    steps
      .flatMap(({ inputRequests }) => inputRequests)
      .flatMap((asked) => asked.decisions.map((decision) => ({ decision, asked })))
      .filter(({ decision: { verdict, at } }) => verdict === "SENT_BACK" && at >= since && at <= until)
      .sort((a, b) => a.decision.at.localeCompare(b.decision.at))
      .at(-1) ?? null
  );
}
