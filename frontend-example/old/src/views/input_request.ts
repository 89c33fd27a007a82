/** A form inside its step: who is asked, who said what so far, the form itself, and afterwards who decided what. */
import { freshKey, request, type Json } from "../api";
import { SUBMIT_FORM } from "../documents";
import { h, notify, reconcile, type Block } from "../dom";
import { lookedAt } from "../forms/fields";
import { conflict, heading, Wizard, type Answer } from "../forms/wizard";
import { pageOf, type Decision, type FormPage, type InputRequest, type Process, type Refusal } from "../model";
import { valueView } from "../result";
import { isViewer, session } from "../session";
import { moment, ticking } from "../time";
import { approvalsWords, decisionsView, decisionView, firstWords } from "./decisions";
import { dutyButtons, reject } from "./duties";

/**
 * The version is read from here at the moment of sending, so that a claim or a reminder, which the operator sees happen,
 * does not throw away what was typed. What was asked is pinned by the digest.
 */
const versions = new Map<string, number>();

interface Open {
  signature: string;
  wizard: Wizard;
  comment: HTMLTextAreaElement;
}

/** The forms that are drawn, by request. */
const open = new Map<string, Open>();

interface Kept {
  pages: Json[];
  comment: string;
  /** Why it was not taken, where the server said so. */
  words?: string;
}

/** What was typed and had to give way, because somebody else was faster. */
const kept = new Map<string, Kept>();

export function inputRequestBlock(asked: InputRequest, process: Process, settled: () => void): Block {
  versions.set(asked.id, asked.version);
  return {
    key: `asked-${asked.id}`,
    signature: "",
    draw: () => h("div", {}),
    update: (element) => {
      const isSending = open.get(asked.id)?.wizard.isSending ?? false;
      // Perhaps our own answer closed it: the form stands until that is known.
      if (asked.status !== "OPEN" && isSending) return;
      element.className = asked.status === "OPEN" ? "asked" : "answered";
      reconcile(element, asked.status === "OPEN" ? openBlocks(asked, process, settled) : closedBlocks(asked, settled));
    },
  };
}

function closedBlocks(asked: InputRequest, settled: () => void): Block[] {
  keepTyped(asked, null);
  const facts = [asked.status, asked.decisions, asked.closedAt, asked.sendBackTo];
  return [simple("decisions", facts, () => decisionsView(asked)), ...keptBlocks(asked, settled)];
}

function openBlocks(asked: InputRequest, process: Process, settled: () => void): Block[] {
  const { id, claimedBy, canSubmit, canReject, blockedReason, decisions } = asked;
  const page = pageOf(asked.form);
  // The first approval fixes the answers, so it changes what is shown.
  const signature = JSON.stringify([page?.digest, decisions[0]?.at, canSubmit && canReject]);
  keepTyped(asked, signature);
  const found = [simple("head", { ...asked, form: null, me: session.viewer }, () => head(asked))];
  const back = sentBack(asked, process);
  if (back)
    found.push(simple("back", back, () => h("div", { class: "callout" }, decisionView(back.decision, back.asked, "p"))));
  if (decisions.length) found.push(simple("decisions", decisions, () => decisionsView(asked)));
  if (!canSubmit)
    found.push(
      simple("blocked", blockedReason, () => h("p", { class: "words" }, blockedReason ?? "You may not answer this.")),
    );
  found.push(...keptBlocks(asked, settled));
  if (canSubmit || open.has(id)) found.push(formBlock(asked, signature, settled));
  else if (page) found.push(simple("look", [page.digest, decisions[0]?.at], () => lookView(page)));
  const duties = [asked.version, claimedBy, canSubmit, session.viewer];
  found.push(
    simple("duties", duties, () =>
      h("div", { class: "actions duties" }, dutyButtons(asked, () => versions.get(id), settled)),
    ),
  );
  return found;
}

/** What is asked, for those who may not decide it: they may look at it all the same. */
function lookView(page: FormPage): HTMLElement {
  return h("section", { class: "look", "aria-label": "What is asked, to look at" }, heading(page, 0), lookedAt(page));
}

function head({ assignee, claimedBy, claimedAt, createdAt, dueAt, escalatedAt, ...asked }: InputRequest): HTMLElement {
  const approvals = approvalsWords(asked);
  return h(
    "p",
    { class: "asked-head" },
    h("strong", {}, `For ${assignee.name}`),
    h("span", { class: "muted" }, "asked ", ticking("ago", createdAt)),
    escalatedAt && h("span", { class: "muted" }, "escalated ", ticking("ago", escalatedAt)),
    dueAt && h("span", { class: "muted" }, ticking("due", dueAt)),
    claimedBy &&
      h(
        "span",
        {},
        `claimed by ${isViewer(claimedBy.id) ? "you" : claimedBy.name}`,
        claimedAt && [" at ", moment(claimedAt)],
      ),
    approvals && h("span", {}, approvals),
  );
}

/** The word with which this came back to be asked again: the last since the step was asked before. */
function sentBack(asked: InputRequest, process: Process): { decision: Decision; asked: InputRequest } | null {
  const all = process.steps.flatMap(({ inputRequests }) => inputRequests);
  const own = process.steps.find(({ inputRequests }) => inputRequests.some(({ id }) => id === asked.id));
  const before = own?.inputRequests.filter(({ id }) => id !== asked.id).at(-1);
  if (!before) return null;
  const words = all
    .flatMap((one) => one.decisions.map((decision) => ({ decision, asked: one })))
    .filter(({ decision: { verdict, at } }) => verdict === "SENT_BACK" && at <= asked.createdAt && at >= before.createdAt);
  return words.sort((a, b) => a.decision.at.localeCompare(b.decision.at)).at(-1) ?? null;
}

/** Where the form that is drawn is not the one that stands now, keep what was typed into it. */
function keepTyped({ id, canSubmit }: InputRequest, signature: string | null): void {
  const before = open.get(id);
  if (!before) return;
  const typed = before.wizard.typed();
  // A claim takes the form from nobody who is typing: it may be released.
  const isSame = typed ? sameQuestion : (one: string, other: string) => canSubmit && one === other;
  const stays = signature !== null && isSame(before.signature, signature);
  if (stays || before.wizard.isSending) return;
  // Whoever pressed the button in vain is told who was first, typed or not.
  if (typed || before.wizard.isTried)
    kept.set(id, { pages: (typed ?? []).filter(hasContent), comment: before.comment.value.trim() });
  open.delete(id);
}

/** A page that only shows something gives an empty object: nothing of it was typed. */
function hasContent(page: Json): boolean {
  return typeof page !== "object" || page === null || Object.keys(page).length > 0;
}

/** Apart from whether the buttons may be pressed. */
function sameQuestion(before: string, after: string): boolean {
  const asked = (signature: string) => JSON.stringify((JSON.parse(signature) as Json[]).slice(0, -1));
  return asked(before) === asked(after);
}

function keptBlocks(asked: InputRequest, settled: () => void): Block[] {
  const typed = kept.get(asked.id);
  if (!typed) return [];
  const drop = () => {
    kept.delete(asked.id);
    settled();
  };
  const pages = typed.pages.length === 1 ? typed.pages[0]! : typed.pages;
  const isAny = typed.pages.length > 0 || typed.comment !== "";
  const keeping = isAny && " What you had typed was not taken; it is kept here:";
  const draw = () =>
    h(
      "section",
      { class: "kept", "aria-label": isAny ? "What you had typed" : "Who was first" },
      h("p", { class: "words", role: "alert" }, typed.words ?? firstWords(asked), keeping),
      typed.pages.length > 0 && valueView(pages, "typed"),
      typed.comment && h("q", {}, typed.comment),
      h("div", { class: "actions" }, h("button", { type: "button", class: "quiet", onclick: drop }, isAny ? "Forget it" : "Dismiss")),
    );
  return [simple("kept", [typed, asked.status, asked.decisions], draw)];
}

function formBlock(asked: InputRequest, signature: string, settled: () => void): Block {
  const drawn = open.get(asked.id);
  return {
    key: "form",
    signature: drawn?.signature ?? signature,
    draw: () => {
      // The operator looked elsewhere meanwhile: what was typed is still there.
      if (drawn) return drawn.wizard.element;
      const made = openForm(asked, settled);
      open.set(asked.id, { ...made, signature });
      return made.wizard.element;
    },
    update: () => open.get(asked.id)?.wizard.hold(!asked.canSubmit),
  };
}

function openForm(asked: InputRequest, settled: () => void): { wizard: Wizard; comment: HTMLTextAreaElement } {
  const { id, canReject } = asked;
  const comment = h("textarea", { id: `comment-${id}`, rows: 2 });
  const label = h("label", { for: comment.id }, "Comment ", h("span", { class: "muted" }, "(optional)"));
  const refuse = async () => {
    wizard.isSending = true;
    const came = await reject(asked, () => versions.get(id));
    wizard.isSending = false;
    if (came === "rejected") forget(id);
    else if (came) kept.set(id, { pages: [], ...came });
    settled();
  };
  const wizard: Wizard = new Wizard({
    first: pageOf(asked.form),
    label: asked.approvalsNeeded > 1 ? "Approve" : "Confirm",
    send: sender(asked, comment, settled),
    done: () => {
      forget(id);
      settled();
    },
    extras: canReject
      ? [h("button", { type: "button", class: "danger quiet", onclick: () => void refuse() }, "Reject…")]
      : [],
    footer: h("div", { class: "field comment" }, label, comment),
  });
  return { wizard, comment };
}

function forget(id: string): void {
  open.delete(id);
  kept.delete(id);
}

function sender({ id }: InputRequest, comment: HTMLTextAreaElement, settled: () => void) {
  let sent = "";
  let key = freshKey();
  return async (pages: Json[], shown: { digest: string } | null): Promise<Answer> => {
    const said = { pages, comment: comment.value.trim() || null };
    const text = JSON.stringify(said);
    if (text !== sent) [sent, key] = [text, freshKey()];
    const input = {
      ...said,
      inputRequestId: id,
      expectedVersion: versions.get(id),
      shownDigest: shown?.digest,
      idempotencyKey: key,
    };
    const { submitForm } = await request<{ submitForm: Answer }>(SUBMIT_FORM, { input });
    // Somebody was faster: the form will give way to what was decided, so the reason is said where it stays.
    if (submitForm.__typename === "ConflictError") notify(conflict(submitForm as Refusal).textContent ?? "");
    if ("code" in submitForm && submitForm.__typename !== "FormInvalid") settled();
    return submitForm;
  };
}

function simple(key: string, facts: unknown, draw: () => HTMLElement): Block {
  return { key, signature: JSON.stringify(facts), draw };
}
