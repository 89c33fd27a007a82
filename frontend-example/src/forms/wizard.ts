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
  extras?: HTMLElement[];
}

interface Turned {
  page: FormPage;
  drawn: DrawnPage;
}

const isInvalid = (answer: Answer): answer is FormInvalid => answer.__typename === "FormInvalid";
const isIncomplete = (answer: Answer): answer is { __typename: "FormIncomplete"; nextPage: FormPage } =>
  answer.__typename === "FormIncomplete";

export function wizard({ first, label, send, done, extras = [] }: Options): HTMLFormElement {
  const turned: Turned[] = first ? [turn(first)] : [];
  let at = 0;
  const summary = h("div", { class: "summary", role: "alert", tabindex: -1, hidden: true });
  const body = h("div", {});
  const back = h("button", { type: "button", onclick: () => open(at - 1) }, "Back");
  const submit = h("button", { type: "submit", class: "primary" });
  const form = h(
    "form",
    { novalidate: true, onsubmit: (event) => void go(event) },
    summary,
    body,
    h("div", { class: "actions" }, submit, back, extras),
  );

  function open(index: number, focus = true): void {
    at = index;
    const page = turned[at]?.page;
    say([]);
    body.replaceChildren(...(turned[at] ? [heading(turned[at]!.page, at), turned[at]!.drawn.element] : []));
    form.classList.toggle("confirmation", page?.isConfirmation ?? false);
    back.hidden = at === 0;
    submit.textContent = page?.submitLabel || (page?.hasNext ? "Next" : label);
    if (focus)
      (body.querySelector<HTMLElement>("input, select, textarea") ?? body.querySelector<HTMLElement>("h3"))?.focus();
  }

  function say(lines: (string | Node)[]): void {
    summary.hidden = lines.length === 0;
    summary.replaceChildren(...lines.map((line) => h("p", {}, line)));
  }

  async function go(event: Event): Promise<void> {
    event.preventDefault();
    if (submit.disabled) return;
    const pages = turned.slice(0, at + 1).map(({ drawn }) => drawn.read());
    if (pages.includes(null)) return complain();
    submit.disabled = true;
    try {
      take(await send(pages, turned[at]?.page ?? null));
    } catch (problem) {
      say([`${(problem as Error).message} Nothing you typed is lost: try again.`]);
      summary.focus();
    } finally {
      submit.disabled = false;
    }
  }

  function take(answer: Answer): void {
    if (isIncomplete(answer)) {
      const kept = turned[at + 1];
      // The same page again, after going back: what was typed there still stands.
      if (kept?.page.digest !== answer.nextPage.digest) turned.splice(at + 1, Infinity, turn(answer.nextPage));
      return open(at + 1);
    }
    if (isInvalid(answer)) {
      if (answer.pageIndex < turned.length) open(answer.pageIndex, false);
      const left = turned[at]?.drawn.show(answer.errors) ?? answer.errors;
      say(left.map(({ message }) => message));
      return complain();
    }
    if ("code" in answer && answer.code) {
      say([conflict(answer)]);
      return summary.focus();
    }
    done(answer);
  }

  function complain(): void {
    (form.querySelector<HTMLElement>("[aria-invalid]") ?? summary).focus();
  }

  open(0, false);
  return form;
}

function turn(page: FormPage): Turned {
  return { page, drawn: drawPage(page) };
}

function heading(page: FormPage, index: number): HTMLElement {
  const many = index > 0 || page.hasNext;
  return h(
    "header",
    {},
    many && h("p", { class: "muted" }, `Page ${index + 1}`),
    h("h3", { tabindex: -1 }, page.title),
    page.description && h("p", { class: "words" }, page.description),
  );
}

/** A refusal in a sentence, with who was first, and when, where the server says so. */
export function conflict({ message, by, at }: Refusal): HTMLElement {
  return h("span", {}, message, by && ` – ${by.name}`, at && [" at ", moment(at)]);
}
