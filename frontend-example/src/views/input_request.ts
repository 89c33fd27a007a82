/** A form inside its step: who is asked, the form itself, and afterwards who decided what. */
import { freshKey, request, type Json } from "../api";
import { REJECT, SUBMIT_FORM } from "../documents";
import { h, notify, type Block } from "../dom";
import { conflict, wizard, type Answer } from "../forms/wizard";
import { pageOf, type FormPage, type InputRequest, type Refusal } from "../model";
import { moment, ticking } from "../time";
import { ask } from "./dialog";

/**
 * The version is read from here at the moment of sending, so that a claim or a reminder, which the operator sees happen,
 * does not throw away what was typed. What was asked is pinned by the digest.
 */
const versions = new Map<string, number>();

export function inputRequestBlock(asked: InputRequest, settled: () => void): Block {
  versions.set(asked.id, asked.version);
  if (asked.status !== "OPEN")
    return { key: "decided", signature: JSON.stringify([asked.status, asked.decisions]), draw: () => decided(asked) };
  const page = pageOf(asked.form);
  return {
    key: "form",
    signature: JSON.stringify([asked.id, page?.digest, asked.canSubmit, asked.canReject]),
    draw: () =>
      h(
        "div",
        { class: "asked" },
        h("p", { class: "asked-head" }),
        asked.canSubmit
          ? openForm(asked, page, settled)
          : h("p", { class: "words" }, asked.blockedReason ?? "You may not answer this."),
      ),
    update: (element) => element.firstElementChild?.replaceChildren(...about(asked)),
  };
}

function about({ assignee, claimedBy, createdAt, dueAt, approvalsNeeded, decisions }: InputRequest): Node[] {
  const facts = [
    h("strong", {}, `For ${assignee.name}`),
    h("span", { class: "muted" }, "asked ", ticking("ago", createdAt)),
    dueAt && h("span", { class: "muted" }, "due ", ticking("until", dueAt)),
    claimedBy && h("span", {}, `claimed by ${claimedBy.name}`),
    approvalsNeeded > 1 && h("span", {}, `${decisions.length} of ${approvalsNeeded} approvals`),
  ];
  return facts.filter((fact) => fact instanceof Node);
}

function openForm(asked: InputRequest, first: FormPage | null, settled: () => void): HTMLElement {
  let sent = "";
  let key = freshKey();
  const send = async (pages: Json[], shown: FormPage | null) => {
    const text = JSON.stringify(pages);
    if (text !== sent) [sent, key] = [text, freshKey()];
    const input = {
      inputRequestId: asked.id,
      pages,
      expectedVersion: versions.get(asked.id),
      shownDigest: shown?.digest,
      idempotencyKey: key,
    };
    const { submitForm } = await request<{ submitForm: Answer }>(SUBMIT_FORM, { input });
    // Somebody was faster: the form will give way to what was decided, so the reason is said where it stays.
    if (submitForm.__typename === "ConflictError") notify(conflict(submitForm as Refusal).textContent ?? "");
    if ("code" in submitForm && submitForm.__typename !== "FormInvalid") settled();
    return submitForm;
  };
  const refuse = h("button", { type: "button", class: "quiet", onclick: () => void reject(asked, settled) }, "Refuse…");
  return wizard({ first, label: "Confirm", send, done: settled, extras: asked.canReject ? [refuse] : [] });
}

async function reject({ id, title }: InputRequest, settled: () => void): Promise<void> {
  const comment = await ask({
    title: `Refuse “${title}”?`,
    words: "The process stops here, or goes back where the workflow says so.",
    reason: "Why?",
    isReasonRequired: true,
    confirm: "Refuse",
  });
  if (comment === null) return;
  try {
    const { rejectInputRequest: answer } = await request<{ rejectInputRequest: Refusal }>(REJECT, {
      input: { inputRequestId: id, comment, expectedVersion: versions.get(id) },
    });
    if (answer.code) notify(conflict(answer).textContent ?? answer.message);
  } catch (problem) {
    notify((problem as Error).message);
  }
  settled();
}

const VERDICTS: Record<string, string> = { APPROVED: "Confirmed", REJECTED: "Refused", SENT_BACK: "Sent back" };

function decided({ decisions, status }: InputRequest): HTMLElement {
  if (!decisions.length)
    return h("p", { class: "muted decided" }, `Closed without an answer (${status.toLowerCase()}).`);
  return h(
    "ul",
    { class: "decided" },
    decisions.map(({ by, policy, at, verdict, comment }) =>
      h(
        "li",
        {},
        `${VERDICTS[verdict] ?? verdict} by ${by?.name ?? policy ?? "nobody known"} at `,
        moment(at),
        comment && h("q", {}, comment),
      ),
    ),
  );
}
