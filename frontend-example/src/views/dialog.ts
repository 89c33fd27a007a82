/** Questions before something that cannot be taken back, or that needs a word with it. */
import { h } from "../dom";

interface Question {
  title: string;
  words: string;
  /** A value to type beside the reason: its label, what stands there at first, and how it is checked. */
  value?: { label: string; initial: string; rows: number; fault: (text: string) => string };
  /** The label of a text to type; without it there is nothing to type. */
  reason?: string;
  isReasonRequired?: boolean;
  confirm: string;
}

/** Ask; the typed reason (perhaps empty), or null where the operator thought better of it. */
export async function ask(question: Question): Promise<string | null> {
  return (await askFor(question))?.reason ?? null;
}

/** Ask; what was typed, or null where the operator thought better of it. */
export function askFor(question: Question): Promise<{ reason: string; value: string } | null> {
  const { title, words, value, reason, isReasonRequired = false, confirm } = question;
  return new Promise((resolve) => {
    const typed = h("textarea", { id: "dialog-value", rows: value?.rows ?? 1, required: true, spellcheck: "false" });
    typed.value = value?.initial ?? "";
    const check = () => typed.setCustomValidity(value?.fault(typed.value) ?? "");
    typed.addEventListener("input", check);
    check();
    const text = h("textarea", { id: "dialog-reason", rows: 3, required: isReasonRequired });
    const cancel = h("button", { type: "button", onclick: () => dialog.close() }, "Cancel");
    const form = h(
      "form",
      { method: "dialog" },
      h("h2", { id: "dialog-title" }, title),
      h("p", { class: "words" }, words),
      value && h("div", { class: "field" }, h("label", { for: "dialog-value" }, value.label), typed),
      reason && h("div", { class: "field" }, h("label", { for: "dialog-reason" }, reason), text),
      h("div", { class: "actions" }, h("button", { class: "danger", value: "yes" }, confirm), cancel),
    );
    const dialog = h("dialog", { "aria-labelledby": "dialog-title", onclose: () => finish() }, form);
    const finish = () => {
      resolve(dialog.returnValue === "yes" ? { reason: text.value, value: typed.value } : null);
      dialog.remove();
    };
    document.body.append(dialog);
    dialog.showModal();
  });
}
