/** What people, and policies, said to a form: who, when, what, and in which words. */
import { h, type Child } from "../dom";
import type { Decision, InputRequest, Task } from "../model";
import { moment } from "../time";

const ENDS: Record<string, string> = {
  EXPIRED: "Expired: nobody answered in time",
  WITHDRAWN: "Withdrawn: nothing is asked any more",
};

function verdict({ verdict }: Decision, { approvalsNeeded, sendBackTo }: Asked): string {
  if (verdict === "APPROVED") return approvalsNeeded > 1 ? "Approved" : "Confirmed";
  if (verdict === "SENT_BACK") return sendBackTo ? `Sent back to ${sendBackTo}` : "Sent back";
  return "Rejected";
}

type Asked = Pick<InputRequest, "approvalsNeeded" | "sendBackTo">;

/** One decision as a line, its comment below. */
export function decisionView(decision: Decision, asked: Asked, tag: "li" | "p" = "li"): HTMLElement {
  const { by, policy, at, comment } = decision;
  const who = by ? ` by ${by.name}` : policy ? ` by the policy ${policy}, without a person` : "";
  return h(tag, {}, verdict(decision, asked), who, " at ", moment(at), comment && h("q", {}, comment));
}

/** All decisions on a request, and how it ended where none of them ended it. */
export function decisionsView(asked: InputRequest): HTMLElement {
  const { decisions, status, closedAt } = asked;
  const end: Child = ENDS[status] && h("li", {}, ENDS[status], closedAt && [", at ", moment(closedAt)], ".");
  return h("ul", { class: "decided" }, decisions.map((decision) => decisionView(decision, asked)), end);
}

export function approvalsWords({ approvalsNeeded, decisions }: Pick<Task, "approvalsNeeded" | "decisions">): string {
  return approvalsNeeded > 1 ? `${decisions.length} of ${approvalsNeeded} approvals` : "";
}

const FIRST: Record<string, string> = { REJECTED: "rejected this first", SENT_BACK: "sent this back first" };

/** Who was first with what, in a sentence or two. */
export function firstWords(asked: InputRequest): Child {
  const last = asked.decisions.at(-1);
  if (ENDS[asked.status]) return `${ENDS[asked.status]}.`;
  if (!last) return "What is asked has changed meanwhile.";
  const who = last.by?.name ?? `The policy ${last.policy ?? ""}`;
  const did = FIRST[last.verdict] ?? (asked.approvalsNeeded > 1 ? "approved this first" : "confirmed this first");
  const now = asked.status === "OPEN" && " The form below shows the answers that were approved.";
  return [`${who} ${did}, at `, moment(last.at), ".", now];
}
