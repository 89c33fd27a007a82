/** A question before a step that cannot be taken back, with a field for the reason if one is wanted. Load it lazily. */
import { useId, useRef, useState, type FormEvent, type ReactNode } from "react";
import Dialog from "./Dialog";
import { LONGEST_TEXT } from "../words";
import { Problem } from "./Problem";

interface Props {
  title: string;
  /** What will happen, in one or two sentences. */
  text?: ReactNode;
  /** The verb of the button: `Abort the process`. */
  action: string;
  /** The action destroys something: the button is red, and "Cancel" has the focus. */
  isDangerous?: boolean;
  /** Ask for a reason: its label, whether it may be empty, and how many characters it may have. */
  reason?: { label?: string; isOptional?: boolean; longest?: number };
  /** What stands between the text and the buttons: a list of what is concerned, more fields. */
  children?: ReactNode;
  onClose: () => void;
  /** Do it; the dialog closes when the promise is fulfilled, and shows the error if it fails. */
  onConfirm: (reason: string) => Promise<void> | void;
}

export default function Confirm(props: Props) {
  const { title, text, action, isDangerous = false, reason, children, onClose, onConfirm } = props;
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  const [isMissing, setMissing] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const cancel = useRef<HTMLButtonElement>(null);
  const id = useId();

  const confirm = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const given = field.current?.value.trim() ?? "";
    if (reason && !reason.isOptional && !given) {
      setMissing(true);
      return field.current?.focus();
    }
    setBusy(true);
    setError(null);
    try {
      await onConfirm(given);
      onClose();
    } catch (problem) {
      setError(problem as Error);
    } finally {
      setBusy(false);
    }
  };

  const first = reason ? field : isDangerous ? cancel : undefined;
  return (
    <Dialog title={title} description={text} onClose={onClose} isBusy={isBusy} {...(first && { initialFocus: first })}>
      <form className="confirm" noValidate onSubmit={(event) => void confirm(event)}>
        {children}
        {reason && (
          <div className="field">
            <label htmlFor={`${id}-reason`}>
              {reason.label ?? "Reason"}
              {reason.isOptional && <span className="muted"> (optional)</span>}
            </label>
            <textarea
              ref={field}
              id={`${id}-reason`}
              rows={3}
              maxLength={reason.longest ?? LONGEST_TEXT}
              required={!reason.isOptional}
              aria-invalid={isMissing}
              aria-describedby={isMissing ? `${id}-missing` : undefined}
              onChange={() => setMissing(false)}
            />
            {isMissing && (
              <p id={`${id}-missing`} className="error">
                Give a reason.
              </p>
            )}
          </div>
        )}
        {error && <Problem error={error} />}
        <div className="actions dialog-actions">
          <button ref={cancel} type="button" onClick={onClose} disabled={isBusy}>
            Cancel
          </button>
          <button className={isDangerous ? "danger" : "primary"} disabled={isBusy}>
            {isBusy ? "Sending…" : action}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
