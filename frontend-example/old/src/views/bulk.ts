/** Several tasks decided at once: which are chosen, what each of them asks to confirm, and what came of it. */
import { freshKey, request, type Json } from "../api";
import { DECIDE, FORMS } from "../documents";
import { announce, h, notify, type Block, type Child } from "../dom";
import { drawPage } from "../forms/fields";
import { conflict } from "../forms/wizard";
import { pageOf, type FormPage, type FormResult, type InboxTask, type Refusal } from "../model";
import { ask } from "./dialog";
import { originWords, tail } from "./origin";

interface Chosen {
  task: InboxTask;
  /** Which version of it the form below belongs to. */
  version: number;
  /** What it asks; undefined until the server said so. */
  form?: FormResult | null;
}

interface Decided {
  task: InboxTask;
  words: Child;
  isDone: boolean;
}

interface Outcome {
  decideInputRequests: { submitted: Refusal[]; rejected: Refusal[] };
}

const MOST = 100;
const many = (count: number) => (count === 1 ? "1 task" : `${count} tasks`);

export class Bulk {
  readonly bar: HTMLElement;
  readonly results = h("ul", { class: "outcomes", "aria-label": "What came of it", hidden: true });

  private readonly chosen = new Map<string, Chosen>();
  private readonly words = h("span", { class: "muted" });
  private readonly approveButton = h("button", { type: "button", class: "primary", onclick: () => void this.approve() });
  private readonly rejectButton = h("button", { type: "button", class: "danger quiet", onclick: () => void this.reject() });

  constructor(private readonly changed: () => void) {
    this.bar = h(
      "div",
      { class: "bulk actions", role: "group", "aria-label": "The chosen tasks" },
      this.words,
      this.approveButton,
      this.rejectButton,
    );
  }

  has(id: string): boolean {
    return this.chosen.has(id);
  }

  clear(): void {
    this.chosen.clear();
    this.results.hidden = true;
  }

  choose(task: InboxTask, isChosen: boolean): void {
    if (!isChosen) this.chosen.delete(task.id);
    else if (this.chosen.size < MOST) this.chosen.set(task.id, { task, version: task.version });
    else notify(`At most ${MOST} at once.`);
    this.update();
    if (isChosen) void this.readForms([task.id]);
    this.changed();
  }

  /** Tasks that wait no more are not chosen any more; one that became another's is looked at anew. */
  keepTo(tasks: InboxTask[]): void {
    const open = new Map(tasks.map((task) => [task.id, task]));
    const changed: string[] = [];
    for (const [id, one] of this.chosen) {
      const task = open.get(id);
      if (!task || !task.canSubmit) this.chosen.delete(id);
      else if (task.version !== one.version || task.decisions.length !== one.task.decisions.length) {
        this.chosen.set(id, { task, version: task.version });
        changed.push(id);
      }
    }
    if (changed.length) void this.readForms(changed);
  }

  update(): void {
    const ready = this.ready();
    const all = [...this.chosen.values()];
    const asking = all.filter((one) => one.form !== undefined).length - ready.length;
    this.bar.hidden = all.length === 0;
    const left = asking ? `; ${asking} ${asking === 1 ? "needs" : "need"} more than a yes: open ${asking === 1 ? "it" : "them"}` : "";
    this.words.textContent = `${many(all.length)} chosen${left}`;
    this.approveButton.textContent = `Approve ${ready.length}…`;
    this.approveButton.hidden = ready.length === 0;
    this.rejectButton.textContent = `Reject ${this.rejectable().length}…`;
    this.rejectButton.hidden = this.rejectable().length === 0;
  }

  /** What a chosen task asks to confirm: nobody should say yes to what they were not shown. */
  shownBlocks(id: string): Block[] {
    const one = this.chosen.get(id);
    if (!one || one.form === undefined) return [];
    const page = pageOf(one.form);
    if (isReady(one)) {
      const draw = () => (page ? drawPage(page).element : h("p", { class: "muted" }, "It asks for a yes, and shows nothing."));
      return [{ key: "page", signature: page?.digest ?? "", draw }];
    }
    const link = `#/processes/${encodeURIComponent(one.task.process.id)}`;
    const draw = () => h("p", { class: "help" }, "Something is to be filled in: ", h("a", { href: link }, "open it"), ".");
    return [{ key: "more", signature: link, draw }];
  }

  private ready(): Chosen[] {
    return [...this.chosen.values()].filter(isReady);
  }

  private rejectable(): Chosen[] {
    return [...this.chosen.values()].filter(({ task }) => task.canReject);
  }

  private async readForms(ids: string[]): Promise<void> {
    interface Found {
      id: string;
      version: number;
      form: FormResult | null;
    }
    try {
      const { nodes } = await request<{ nodes: (Found | null)[] }>(FORMS, { ids });
      for (const found of nodes) {
        const one = found && this.chosen.get(found.id);
        if (one) [one.version, one.form] = [found.version, found.form];
      }
    } catch (problem) {
      notify((problem as Error).message);
    }
    this.changed();
  }

  private async approve(): Promise<void> {
    const ready = this.ready();
    const comment = await ask({
      title: `Approve ${many(ready.length)}?`,
      words: ready.map(named).join("\n"),
      reason: "Comment (optional)",
      confirm: "Approve",
      isSafe: true,
    });
    if (comment === null) return;
    const submit = ready.map(({ task, version, form }) => ({
      inputRequestId: task.id,
      pages: (pageOf(form ?? null) ? [{}] : []) as Json[],
      comment: comment.trim() || null,
      expectedVersion: version,
      shownDigest: pageOf(form ?? null)?.digest,
      idempotencyKey: freshKey(),
    }));
    await this.decide(ready, { submit }, "Approved");
  }

  private async reject(): Promise<void> {
    const chosen = this.rejectable();
    const comment = await ask({
      title: `Reject ${many(chosen.length)}?`,
      words: `${chosen.map(named).join("\n")}\n\nEach of them stops. To send one back instead, open it.`,
      reason: "Why? Everybody who sees the processes can read it.",
      isReasonRequired: true,
      confirm: "Reject",
    });
    if (comment === null) return;
    const reject = chosen.map(({ task, version }) => ({ inputRequestId: task.id, comment, expectedVersion: version }));
    await this.decide(chosen, { reject }, "Rejected");
  }

  private async decide(chosen: Chosen[], input: Record<string, unknown>, word: string): Promise<void> {
    try {
      const { decideInputRequests: came } = await request<Outcome>(DECIDE, { input });
      const answers = [...came.submitted, ...came.rejected];
      this.tell(chosen.map(({ task }, index) => outcome(task, answers[index], word)));
    } catch (problem) {
      notify((problem as Error).message);
    }
    this.changed();
  }

  private tell(decided: Decided[]): void {
    const done = decided.filter(({ isDone }) => isDone);
    for (const { task } of done) this.chosen.delete(task.id);
    this.results.hidden = false;
    this.results.replaceChildren(
      ...decided.map(({ task, words, isDone }) =>
        h(
          "li",
          { class: isDone ? "tone-good" : "tone-bad" },
          h("a", { href: `#/processes/${encodeURIComponent(task.process.id)}` }, task.title),
          h("span", { class: "muted" }, ` of ${task.process.workflowName} ${tail(task.process.id)}: `),
          h("span", { class: "outcome" }, words),
        ),
      ),
    );
    announce(`${done.length} of ${many(decided.length)} decided.`);
  }
}

const named = ({ task }: Chosen) =>
  `${task.title} – ${task.process.workflowName}, ${originWords(task.process)}`;

/** It asks for a yes and nothing else. */
function isReady({ task, form }: Chosen): boolean {
  if (!task.canSubmit || form === undefined || form === null) return false;
  if (form.__typename === "FormComplete") return true;
  return form.__typename === "FormPage" && (form as FormPage).isConfirmation;
}

function outcome(task: InboxTask, answer: Refusal | undefined, word: string): Decided {
  if (!answer || answer.__typename === "FormIncomplete")
    return { task, words: "There is a further page: open it.", isDone: false };
  return answer.code ? { task, words: conflict(answer), isDone: false } : { task, words: `${word}.`, isDone: true };
}
