/** Questions before something that cannot be taken back, or that needs a word with it. */
import { h } from "../dom";

interface Question {
  title: string;
  words: string;
  /** A value to type beside the reason: its label, what stands there at first, and how it is checked. */
  value?: { label: string; initial: string; rows: number; fault: (text: string) => string; offers?: Offer[] };
  /** What to choose from, the first one to begin with; with one alone there is nothing to ask. */
  choice?: { label: string; offers: Offer[] };
  /** The label of a text to type; without it there is nothing to type. */
  reason?: string;
  isReasonRequired?: boolean;
  confirm: string;
  /** It does no harm. */
  isSafe?: boolean;
}

/** One of several: what is sent for it, and what people read. */
export interface Offer {
  key: string;
  label: string;
}

export interface Said {
  reason: string;
  value: string;
  choice: string;
}

/** Ask; the typed reason (perhaps empty), or null where the operator thought better of it. */
export async function ask(question: Question): Promise<string | null> {
  return (await askFor(question))?.reason ?? null;
}

/** Ask; what was typed, or null where the operator thought better of it. */
export function askFor(question: Question): Promise<Said | null> {
  const { title, words, value, choice, reason, isReasonRequired = false, confirm, isSafe = false } = question;
  return new Promise((resolve) => {
    const typed = value ? valueField(value) : null;
    const text = reason ? reasonField(isReasonRequired) : null;
    const cancel = h("button", { type: "button", onclick: () => dialog.close() }, "Cancel");
    const form = h(
      "form",
      { method: "dialog" },
      h("h2", { id: "dialog-title" }, title),
      h("p", { class: "words" }, words),
      typed && h("div", { class: "field" }, h("label", { for: "dialog-value" }, value?.label), typed, offered(value)),
      choice && choice.offers.length > 1 && choices(choice),
      text && h("div", { class: "field" }, h("label", { for: "dialog-reason" }, reason), text),
      h("div", { class: "actions" }, h("button", { class: isSafe ? "primary" : "danger", value: "yes" }, confirm), cancel),
    );
    const dialog = h("dialog", { "aria-labelledby": "dialog-title", onclose: () => finish() }, form);
    const finish = () => {
      const chosen = new FormData(form).get("dialog-choice");
      const said = { reason: text?.value ?? "", value: typed?.value ?? "", choice: String(chosen ?? "") };
      resolve(dialog.returnValue === "yes" ? said : null);
      dialog.remove();
    };
    document.body.append(dialog);
    dialog.showModal();
    (typed ?? text)?.focus();
  });
}

function valueField({ initial, rows, fault, offers }: NonNullable<Question["value"]>) {
  const shared = { id: "dialog-value", required: true, spellcheck: "false", autocomplete: "off" };
  const field = offers
    ? h("input", { ...shared, type: "text", list: "dialog-offers" })
    : h("textarea", { ...shared, rows });
  field.value = initial;
  const check = () => field.setCustomValidity(fault(field.value));
  field.addEventListener("input", check);
  check();
  return field;
}

function reasonField(isRequired: boolean): HTMLTextAreaElement {
  const field = h("textarea", { id: "dialog-reason", rows: 3, required: isRequired });
  // `required` alone is content with a space.
  const check = () => field.setCustomValidity(isRequired && field.value && !field.value.trim() ? "A word, please." : "");
  field.addEventListener("input", check);
  return field;
}

function offered(value: Question["value"]): HTMLElement | null {
  if (!value?.offers) return null;
  return h(
    "datalist",
    { id: "dialog-offers" },
    value.offers.map(({ key, label }) => h("option", { value: key }, label)),
  );
}

function choices({ label, offers }: NonNullable<Question["choice"]>): HTMLElement {
  return h(
    "fieldset",
    { class: "field" },
    h("legend", {}, label),
    offers.map((offer, index) =>
      h(
        "label",
        { class: "tick" },
        h("input", { type: "radio", name: "dialog-choice", value: offer.key, checked: index === 0 }),
        offer.label,
      ),
    ),
  );
}
