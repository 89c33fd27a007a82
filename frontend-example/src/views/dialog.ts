/** A question before something that cannot be taken back. */
import { h } from "../dom";

interface Question {
  title: string;
  words: string;
  /** The label of a text to type; without it there is nothing to type. */
  reason?: string;
  isReasonRequired?: boolean;
  confirm: string;
}

/** Ask; the typed reason (perhaps empty), or null where the operator thought better of it. */
export function ask({ title, words, reason, isReasonRequired = false, confirm }: Question): Promise<string | null> {
  return new Promise((resolve) => {
    const text = h("textarea", { id: "dialog-reason", rows: 3, required: isReasonRequired });
    const cancel = h("button", { type: "button", onclick: () => dialog.close() }, "Cancel");
    const form = h(
      "form",
      { method: "dialog" },
      h("h2", { id: "dialog-title" }, title),
      h("p", { class: "words" }, words),
      reason && h("div", { class: "field" }, h("label", { for: "dialog-reason" }, reason), text),
      h("div", { class: "actions" }, h("button", { class: "danger", value: "yes" }, confirm), cancel),
    );
    const dialog = h("dialog", { "aria-labelledby": "dialog-title", onclose: () => finish() }, form);
    const finish = () => {
      resolve(dialog.returnValue === "yes" ? text.value : null);
      dialog.remove();
    };
    document.body.append(dialog);
    dialog.showModal();
  });
}
