/** A dialog that asks one thing about a request, and sends it. */
import type { FormEvent, ReactNode } from "react";
import Dialog from "../../components/Dialog";
import type { Trouble } from "./commands";
import { TroubleWords } from "./TroubleWords";

interface Props {
  title: string;
  words: string;
  /** The label of the button that sends. */
  action: string;
  isDanger?: boolean;
  /** The form judges its fields itself: the browser shows nothing. */
  noValidate?: boolean;
  /** Nothing can be sent: the words say why. */
  isBlocked?: boolean;
  trouble: Trouble | null;
  onSend: (form: HTMLFormElement) => void;
  onClose: () => void;
  children: ReactNode;
}

export function QuestionDialog({ title, words, action, isDanger = false, noValidate = false, isBlocked = false, trouble, onSend, onClose, children }: Props) {
  const send = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    onSend(event.currentTarget);
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form onSubmit={send} noValidate={noValidate}>
        <p className="words">{words}</p>
        {children}
        <TroubleWords trouble={trouble} />
        <div className="actions">
          <button type="submit" className={isDanger ? "danger" : "primary"} disabled={isBlocked}>
            {action}
          </button>
          <button type="button" onClick={onClose}>
            Cancel
          </button>
        </div>
      </form>
    </Dialog>
  );
}
