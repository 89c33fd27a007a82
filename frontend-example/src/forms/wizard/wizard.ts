/**
 * A form of several pages. The server says which page comes next; every request carries all pages so far. This keeps what
 * was typed on each page, goes back, and takes over a form that a deployment changed while it was open.
 */
import { freshKey } from "../../api/client";
import { stringify } from "../../api/json";
import { asSchema } from "../schema";
import type { Draft, DraftPage, DraftPlace } from "./drafts";
import { fit } from "./fitting";
import { partedBySecrecy } from "./secrets";
import { isInvalid, isPage, isRefusal, type Answer, type Fields, type Invalid, type Look, type Page, type Refusal } from "./types";

export interface Sent {
  pages: readonly Fields[];
  /** The page that is confirmed; null if the form has none. */
  page: Page | null;
  comment: string | null;
  /** The same for the same content: a second click, or a try after a lost answer, does nothing twice. */
  idempotencyKey: string;
}

export interface WizardOptions {
  /** Submit the pages so far. */
  send: (sent: Sent) => Promise<Answer>;
  /** Evaluate the pages so far, without side effects. */
  look: (pages: readonly Fields[]) => Promise<Look>;
  drafts: DraftPlace;
  /**
   * True if the form is answered once, as an input request is: the draft of another tab is that of this answer, and is
   * taken. A start form may start two processes in two tabs: the draft of the other tab is only offered.
   */
  isAnsweredOnce: boolean;
  /** Fields of the first page that are chosen already; the next page is opened if the server accepts them. */
  preset?: (page: Page) => Fields | null;
}

export interface FormProblem {
  path: readonly string[];
  message: string;
}

export type Notice =
  | { kind: "restored"; lacksSecret: boolean }
  /** Another tab has a draft of the form. */
  | { kind: "offered"; draft: Draft }
  /** The form is another one than before; `lost` is what was typed and fits no field any more. */
  | { kind: "changed"; lost: Fields };

export interface ShownPage {
  page: Page | null;
  index: number;
  /** What was typed on the page before. */
  draft: Fields;
  /** Grows whenever the fields must be drawn anew. */
  edition: number;
}

export interface WizardState extends ShownPage {
  isReady: boolean;
  isSending: boolean;
  isDone: boolean;
  problems: readonly FormProblem[];
  refusal: Refusal | null;
  error: Error | null;
  notice: Notice | null;
  comment: string;
  /** Grows whenever there is a new thing to read before the form. */
  alarms: number;
}

/** One page that was turned to, with what was typed on it. */
interface Turned {
  page: Page;
  typed: Fields;
  /** What may be secret of the payload: kept as long as the page is open, and no longer. */
  secret: Fields;
  payload: Fields | null;
  edition: number;
}

/** What is known of a page before it is read again. */
type Remembered = DraftPage & Partial<Pick<Turned, "page" | "secret" | "edition">>;

let editions = 0;

export class Wizard {
  private turned: Turned[] = [];
  /** What was typed on pages that are not turned to again yet, by their index. */
  private ahead: readonly Remembered[] = [];
  private at = 0;
  private draftId = freshKey();
  private sent = { text: "", key: "" };
  private generation = 0;
  private readonly listeners = new Set<() => void>();
  private state: WizardState = {
    ...{ page: null, index: 0, draft: {}, edition: 0, isReady: false, isSending: false, isDone: false },
    ...{ problems: [], refusal: null, error: null, notice: null, comment: "", alarms: 0 },
  };

  constructor(private readonly options: WizardOptions) {}

  readonly get = (): WizardState => this.state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** True if something was typed that is not sent yet. */
  get isTouched(): boolean {
    if (this.state.isDone) return false;
    return this.state.comment !== "" || this.turned.some(({ typed, secret }) => hasFields(typed) || hasFields(secret));
  }

  /** What was sent for the pages before the open one. */
  pagesBefore(): readonly Fields[] {
    return this.turned.slice(0, this.at).map(({ payload }) => payload ?? {});
  }

  /** Open the form, with the draft if there is one. Null: there is nothing to fill in. */
  async begin(first: Page | null): Promise<void> {
    if (first === null) return this.publish({ isReady: true });
    const draft = this.options.drafts.load();
    if (draft) this.draftId = draft.id;
    if (draft) await this.restore(first, draft);
    else await this.openWithPreset(first);
  }

  /** Another tab has a draft of the form: take or offer it, unless the person types here already. */
  async hear(draft: Draft): Promise<void> {
    if (this.isTouched || this.state.isSending || this.state.isDone) return;
    if (!this.options.isAnsweredOnce) return this.publish({ notice: { kind: "offered", draft } });
    if (this.at === 0) await this.take(draft);
  }

  /** Go on with the draft of another tab. */
  async take(draft: Draft): Promise<void> {
    const [first] = this.turned;
    if (!first) return;
    this.draftId = draft.id;
    this.options.drafts.save(draft);
    await this.restore(first.page, draft);
  }

  /** The first page as the server shows it now: a deployment may have changed the form. */
  async refresh(first: Page | null): Promise<void> {
    const open = this.turned[this.at];
    if (!this.state.isReady || this.state.isSending || this.state.isDone || !open || !first) return;
    if (this.at === 0 && first.digest === open.page.digest) return;
    await this.replay(first, this.turned.map(remembered), this.at, null);
  }

  /** The person types: the fields that differ from what came. */
  type(changed: Fields): void {
    const open = this.turned[this.at];
    if (!open || this.state.isDone) return;
    open.typed = partedBySecrecy(changed, open.page).plain;
    // The offered draft would replace what is typed here.
    if (this.state.notice?.kind === "offered") this.publish({ notice: null });
    this.keep();
  }

  typeComment(comment: string): void {
    this.publish({ comment });
    this.keep();
  }

  back(): void {
    if (this.at === 0 || this.state.isSending) return;
    this.at--;
    this.open();
  }

  /** Throw away what was typed and begin again. */
  startOver(): void {
    this.options.drafts.remove();
    this.state = { ...this.state, comment: "" };
    this.turned = this.turned.slice(0, 1).map(({ page }) => blank(page));
    this.ahead = [];
    this.at = 0;
    this.open();
  }

  /** Send all pages up to this one. */
  async submit(payload: Fields): Promise<Answer | null> {
    if (this.state.isSending || this.state.isDone) return null;
    const open = this.turned[this.at];
    if (open) {
      const { plain, secret } = partedBySecrecy(payload, open.page);
      Object.assign(open, { payload, typed: plain, secret });
      this.keep();
    }
    this.publish({ isSending: true, refusal: null, error: null, problems: [], notice: null });
    try {
      const answer = await this.options.send(this.content());
      this.state = { ...this.state, isSending: false };
      this.settle(answer);
      return answer;
    } catch (problem) {
      this.publish({ isSending: false, error: problem as Error, alarms: this.state.alarms + 1 });
      return null;
    }
  }

  private content(): Sent {
    const pages = this.turned.slice(0, this.at + 1).map(({ payload }) => payload ?? {});
    const comment = this.state.comment.trim() || null;
    const text = stringify([pages, comment]);
    if (text !== this.sent.text) this.sent = { text, key: freshKey() };
    return { pages, comment, page: this.turned[this.at]?.page ?? null, idempotencyKey: this.sent.key };
  }

  private settle(answer: Answer): void {
    if (answer.__typename === "FormIncomplete" && "nextPage" in answer) return this.turnTo(answer.nextPage);
    if (isInvalid(answer)) return this.complain(answer);
    if (isRefusal(answer)) return this.publish({ refusal: answer, alarms: this.state.alarms + 1 });
    this.options.drafts.remove();
    this.publish({ isDone: true });
  }

  private turnTo(page: Page): void {
    const before = this.turned[this.at + 1];
    const { turned, lost } = renewed(page, before ? remembered(before) : this.ahead[this.at + 1]);
    // The same page again, after going back: what was typed on the pages behind it still stands.
    const behind = before?.page.digest === page.digest ? this.turned.slice(this.at + 2) : [];
    this.turned = [...this.turned.slice(0, this.at + 1), turned, ...behind];
    this.at++;
    this.keep();
    this.open(lost ? { notice: { kind: "changed", lost } } : {});
  }

  private complain({ page, pageIndex, errors, message }: Invalid): void {
    const index = Math.min(pageIndex, this.turned.length - 1);
    const before = this.turned[index];
    let { notice } = this.state;
    if (before && before.page.digest !== page.digest) {
      const { turned, lost } = renewed(page, remembered(before));
      this.turned[index] = turned;
      notice = { kind: "changed", lost: lost ?? {} };
    }
    const all = errors.length ? errors : [{ path: [], message }];
    // What was typed into a field that is gone is in the notice: nobody can correct it.
    const problems = notice === this.state.notice ? all : all.filter(({ path }) => isOn(page, path));
    const more = { problems, notice, alarms: this.state.alarms + 1 };
    const isElsewhere = index !== this.at || notice !== this.state.notice;
    this.at = Math.max(index, 0);
    if (isElsewhere) this.open(more);
    else this.publish(more);
  }

  private async restore(first: Page, draft: Draft): Promise<void> {
    this.state = { ...this.state, comment: draft.comment };
    const lacksSecret = draft.pages.some((page) => page.lacksSecret);
    await this.replay(first, draft.pages, draft.at, { kind: "restored", lacksSecret });
  }

  private async openWithPreset(first: Page): Promise<void> {
    const preset = this.options.preset?.(first) ?? null;
    if (!preset) {
      this.turned = [blank(first)];
      return this.open();
    }
    const page = { digest: first.digest, typed: preset, payload: preset, lacksSecret: false };
    await this.replay(first, [page], 1, null);
  }

  /** Turn the pages again, from the first one to the one that was open, as far as the server accepts them. */
  private async replay(first: Page, before: readonly Remembered[], wanted: number, notice: Notice | null): Promise<void> {
    const generation = ++this.generation;
    const found = [renewed(first, before[0])];
    const lacking = before.findIndex(({ lacksSecret }) => lacksSecret);
    const goal = lacking < 0 ? wanted : Math.min(wanted, lacking);
    let invalid: Invalid | null = null;
    let error: Error | null = null;
    while (found.length <= goal && !invalid && before[found.length - 1]?.payload) {
      const pages = before.slice(0, found.length).map(({ payload }) => payload ?? {});
      try {
        const look = await this.options.look(pages);
        if (isPage(look) && look.index === found.length) found.push(renewed(look, before[found.length]));
        else if (look && isInvalid(look)) invalid = look;
        else break;
      } catch (problem) {
        error = problem as Error;
        break;
      }
      // Somebody typed, or another reading began meanwhile.
      if (generation !== this.generation || this.state.isSending) return;
    }
    // A line that broke says nothing about the form: what is open stays open.
    if (error && this.state.isReady) return;
    this.turned = found.map(({ turned }) => turned);
    this.ahead = before;
    this.at = found.length - 1;
    const losses = found.map(({ lost }) => lost).filter((lost) => lost !== null);
    const changed: Notice | null = losses.length ? { kind: "changed", lost: Object.assign({}, ...losses) as Fields } : null;
    this.open({ notice: changed ?? notice, error });
    if (invalid) this.complain(invalid);
  }

  /** Show the page that is open now. */
  private open(more: Partial<WizardState> = {}): void {
    const open = this.turned[this.at];
    const index = this.at;
    const cleared = { problems: [], refusal: null, error: null, notice: null, isReady: true };
    if (!open) return this.publish({ ...cleared, ...more });
    // Back to a page: its fields are drawn anew, from what was typed.
    if (open.edition !== this.state.edition) open.edition = ++editions;
    const draft = { ...open.secret, ...open.typed };
    this.publish({ ...cleared, page: open.page, index, draft, edition: open.edition, ...more });
  }

  private keep(): void {
    const { drafts } = this.options;
    if (!this.isTouched && this.at === 0) return drafts.remove();
    const ahead = this.ahead.slice(this.turned.length).map(({ digest, typed }) => ({ digest, typed, payload: null, lacksSecret: false }));
    const pages = [...this.turned.map(draftPage), ...ahead];
    drafts.save({ id: this.draftId, pages, at: this.at, comment: this.state.comment });
  }

  private publish(change: Partial<WizardState>): void {
    this.state = { ...this.state, ...change };
    for (const listener of [...this.listeners]) listener();
  }
}

const hasFields = (fields: Fields): boolean => Object.keys(fields).length > 0;

/** True if the problem is one of the whole page, or of a field that the page has. */
const isOn = ({ schema }: Page, [field]: readonly string[]): boolean => field === undefined || field in asSchema(asSchema(schema).properties);

const blank = (page: Page): Turned => ({ page, typed: {}, secret: {}, payload: null, edition: ++editions });

function draftPage({ page, typed, secret, payload }: Turned): DraftPage {
  const plain = payload && partedBySecrecy(payload, page).plain;
  return { digest: page.digest, typed, payload: plain, lacksSecret: hasFields(secret) };
}

function remembered(turned: Turned): Remembered {
  const { page, typed, secret, payload, edition } = turned;
  return { page, digest: page.digest, typed, secret, payload, edition, lacksSecret: false };
}

/** The page as it is now, with what was typed on it; `lost` is null if the page is the same as before. */
function renewed(page: Page, before: Remembered | undefined): { turned: Turned; lost: Fields | null } {
  if (!before) return { turned: blank(page), lost: null };
  const { typed, secret = {}, payload, edition = ++editions } = before;
  if (before.digest === page.digest) return { turned: { page, typed, secret, payload, edition }, lost: null };
  const { kept, lost } = fit(typed, before.page?.schema ?? null, page.schema);
  const hidden = fit(secret, before.page?.schema ?? null, page.schema).kept;
  const isNews = hasFields(typed) || hasFields(secret) || before.page !== undefined;
  return { turned: { ...blank(page), typed: kept, secret: hidden }, lost: isNews ? lost : null };
}
