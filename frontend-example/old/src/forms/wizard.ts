/** A form of several pages: the server says which page comes next, this keeps what was typed on each. */
import type { Json } from "../api";
import { h } from "../dom";
import type { FormInvalid, FormPage, Refusal } from "../model";
import { moment } from "../time";
import { drawPage, type DrawnPage } from "./fields";

export type Answer = Refusal | FormInvalid | { __typename: "FormIncomplete"; nextPage: FormPage };

interface Options {
  /** Null: there is nothing to fill in, only to say yes to. */
  first: FormPage | null;
  label: string;
  /** Send all pages so far; anything but a refusal, an error or a next page means that it is done. */
  send: (pages: Json[], shown: FormPage | null) => Promise<Answer>;
  done: (answer: Refusal) => void;
  /** Further buttons beside that which sends. */
  extras?: HTMLElement[];
  /** What stands between the last page and the buttons. */
  footer?: HTMLElement;
}

interface Turned {
  page: FormPage;
  drawn: DrawnPage;
}

const isInvalid = (answer: Answer): answer is FormInvalid => answer.__typename === "FormInvalid";
const isIncomplete = (answer: Answer): answer is { __typename: "FormIncomplete"; nextPage: FormPage } =>
  answer.__typename === "FormIncomplete";

export class Wizard {
  readonly element: HTMLFormElement;
  /** An answer is on its way: what becomes of the form is not known yet. */
  isSending = false;
  /** It was sent at least once. */
  isTried = false;

  private readonly turned: Turned[];
  private readonly summary = h("div", { class: "summary", role: "alert", tabindex: -1, hidden: true });
  private readonly body = h("div", {});
  private readonly back = h("button", { type: "button", onclick: () => this.open(this.at - 1) }, "Back");
  private readonly submit = h("button", { type: "submit", class: "primary" });
  private readonly actions: HTMLElement;
  private at = 0;
  private isTyped = false;

  constructor(private readonly options: Options) {
    const { first, footer, extras = [] } = options;
    this.turned = first ? [turn(first)] : [];
    this.actions = h("div", { class: "actions" }, this.submit, this.back, extras);
    this.element = h(
      "form",
      { novalidate: true, onsubmit: (event) => void this.go(event), oninput: () => (this.isTyped = true) },
      this.summary,
      h("div", { class: "pages" }, this.body, footer),
      this.actions,
    );
    this.open(0, false);
  }

  /** What was typed so far, page by page; null where nothing was. */
  typed(): Json[] | null {
    return this.isTyped ? this.turned.map(({ drawn }) => drawn.read() ?? {}) : null;
  }

  /** Whether it can be sent now; what was typed stays where it is. */
  hold(isHeld: boolean): void {
    this.actions.hidden = isHeld;
  }

  private open(index: number, focus = true): void {
    this.at = index;
    const turned = this.turned[index];
    const page = turned?.page;
    this.say([]);
    this.body.replaceChildren(...(turned ? [heading(turned.page, index), turned.drawn.element] : []));
    this.element.classList.toggle("confirmation", page?.isConfirmation ?? false);
    this.back.hidden = index === 0;
    this.submit.textContent = page?.submitLabel || (page?.hasNext ? "Next" : this.options.label);
    if (focus)
      (
        this.body.querySelector<HTMLElement>("input, select, textarea") ?? this.body.querySelector<HTMLElement>("h3")
      )?.focus();
  }

  private say(lines: (string | Node)[]): void {
    this.summary.hidden = lines.length === 0;
    this.summary.replaceChildren(...lines.map((line) => h("p", {}, line)));
  }

  private async go(event: Event): Promise<void> {
    event.preventDefault();
    if (this.isSending || this.actions.hidden) return;
    const pages = this.turned.slice(0, this.at + 1).map(({ drawn }) => drawn.read());
    if (pages.includes(null)) return this.complain();
    this.isTried = this.isSending = this.submit.disabled = true;
    try {
      const answer = await this.options.send(pages, this.turned[this.at]?.page ?? null);
      this.isSending = false;
      this.take(answer);
    } catch (problem) {
      this.say([`${(problem as Error).message} Nothing you typed is lost: try again.`]);
      this.summary.focus();
    } finally {
      this.isSending = this.submit.disabled = false;
    }
  }

  private take(answer: Answer): void {
    if (isIncomplete(answer)) {
      const kept = this.turned[this.at + 1];
      // The same page again, after going back: what was typed there still stands.
      if (kept?.page.digest !== answer.nextPage.digest)
        this.turned.splice(this.at + 1, Infinity, turn(answer.nextPage));
      return this.open(this.at + 1);
    }
    if (isInvalid(answer)) {
      if (answer.pageIndex < this.turned.length) this.open(answer.pageIndex, false);
      const left = this.turned[this.at]?.drawn.show(answer.errors) ?? answer.errors;
      this.say(left.map(({ message }) => message));
      return this.complain();
    }
    if ("code" in answer && answer.code) {
      this.say([conflict(answer)]);
      return this.summary.focus();
    }
    this.options.done(answer);
  }

  private complain(): void {
    (this.element.querySelector<HTMLElement>("[aria-invalid]") ?? this.summary).focus();
  }
}

function turn(page: FormPage): Turned {
  return { page, drawn: drawPage(page) };
}

export function heading(page: FormPage, index: number): HTMLElement {
  return h(
    "header",
    {},
    // Whether a second one comes is not known before this one is answered.
    index > 0 && h("p", { class: "muted" }, `Page ${index + 1}`),
    h("h3", { tabindex: -1 }, page.title),
    page.description && h("p", { class: "words" }, page.description),
  );
}

/** A refusal in a sentence or two, with who was first, and when, where the server says so. */
export function conflict({ code, message, by, at, errors }: Refusal): HTMLElement {
  const who = by && !message.includes(by.name) ? ` by ${by.name}` : "";
  return h(
    "span",
    {},
    message,
    (who || at) && [" That was", who, at && [" at ", moment(at)], "."],
    code === "STALE_VERSION" && " Look at what changed, then try again: nothing you typed is lost.",
    // A field of the command itself, such as its comment, has no place in the form.
    code === "PAYLOAD_INVALID" &&
      (errors ?? []).filter((error) => error.message !== message).map((error) => ` ${error.pointer}: ${error.message}`),
  );
}
