/** A question before something that cannot be taken back, or that needs words with it. */
import { lazy, Suspense, useId, useState, type FormEvent, type ReactNode } from "react";

import { LONGEST_TEXT } from "../../words";

const Dialog = lazy(() => import("../../components/Dialog"));

interface Props {
  title: string;
  words: ReactNode;
  confirm: string;
  isDanger?: boolean;
  /** Whether a reason may or must be given; null if there is nothing to give one for. */
  reason?: "optional" | "required" | null;
  /** More fields; each has a name. */
  children?: ReactNode;
  /** Null if it was done; else why not, which is shown beside what was typed. */
  onSend: (typed: FormData) => Promise<string | null>;
  onClose: () => void;
}

export function ActionDialog({ title, words, confirm, isDanger = true, reason = "optional", children, onSend, onClose }: Props) {
  const [problem, setProblem] = useState<string | null>(null);
  const [isSending, setSending] = useState(false);
  const send = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    // A dialog may stand in the form of another one.
    event.stopPropagation();
    const typed = new FormData(event.currentTarget);
    setSending(true);
    const refusal = await onSend(typed);
    setSending(false);
    setProblem(refusal);
    if (refusal === null) onClose();
  };
  return (
    <Suspense fallback={null}>
      <Dialog title={title} onClose={onClose}>
        <form className="action-dialog" onSubmit={(event) => void send(event)}>
          <p className="words">{words}</p>
          {children}
          {reason && <ReasonField isRequired={reason === "required"} />}
          {problem && (
            <p className="error" role="alert">
              {problem}
            </p>
          )}
          <div className="actions">
            <button className={isDanger ? "danger" : "primary"} disabled={isSending}>
              {confirm}
            </button>
            <button type="button" onClick={onClose}>
              Cancel
            </button>
          </div>
        </form>
      </Dialog>
    </Suspense>
  );
}

function ReasonField({ isRequired }: { isRequired: boolean }) {
  // A dialog may stand over another one with the same field.
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>Reason (kept in the audit log)</label>
      <textarea
        id={id}
        name="reason"
        rows={3}
        maxLength={LONGEST_TEXT}
        required={isRequired}
        // `required` alone is content with a space.
        onInput={(event) => checkWith(event.currentTarget, (text) => (isRequired && text && !text.trim() ? "Give a reason." : ""))}
      />
    </div>
  );
}

/** Have the browser say what is wrong with the text of a field; an empty text if nothing is. */
export function checkWith(field: HTMLInputElement | HTMLTextAreaElement, fault: (text: string) => string): void {
  field.setCustomValidity(fault(field.value));
}

/** The reason that was typed; null if none was. */
export const reasonIn = (typed: FormData): string | null => String(typed.get("reason") ?? "").trim() || null;
