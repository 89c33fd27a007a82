/** Reject what is asked, with a comment; loaded when it is opened. */
import { useId, useState } from "react";
import type { Trouble } from "./commands";
import type { Request } from "./facts";
import { LONGEST_TEXT } from "../../words";
import { QuestionDialog } from "./QuestionDialog";

export interface Rejection {
  comment: string;
  sendBack: boolean;
}

interface Props {
  request: Request;
  /** What was typed before, if the person closed the dialog in between. */
  comment: string;
  trouble: Trouble | null;
  onComment: (comment: string) => void;
  onReject: (rejection: Rejection) => void;
  onClose: () => void;
}

export default function RejectDialog({ request, comment, trouble, onComment, onReject, onClose }: Props) {
  const id = useId();
  const { title, sendBackTo } = request;
  const [sendBack, setSendBack] = useState(sendBackTo !== null);
  const [isMissing, setMissing] = useState(false);
  const send = (): void => {
    // `required` alone is content with a space.
    setMissing(!comment.trim());
    if (comment.trim()) onReject({ comment: comment.trim(), sendBack });
    else document.getElementById(id)?.focus();
  };
  return (
    <QuestionDialog
      title={`Reject “${title}”?`}
      words={sendBackTo ? "What was done so far is kept." : "The process goes no further."}
      action="Reject"
      isDanger
      noValidate
      trouble={trouble}
      onSend={send}
      onClose={onClose}
    >
      {sendBackTo && <WhatThen sendBackTo={sendBackTo} sendBack={sendBack} onChange={setSendBack} />}
      <div className="field">
        <label htmlFor={id}>Why? Everybody who sees the process can read it.</label>
        <textarea
          id={id}
          rows={3}
          maxLength={LONGEST_TEXT}
          value={comment}
          onChange={(event) => onComment(event.target.value)}
          autoFocus
          aria-required
          aria-invalid={isMissing}
          aria-describedby={isMissing ? `${id}-problem` : undefined}
        />
        {isMissing && (
          <p id={`${id}-problem`} className="error" role="alert">
            Give a reason.
          </p>
        )}
      </div>
    </QuestionDialog>
  );
}

interface WhatThenProps {
  sendBackTo: string;
  sendBack: boolean;
  onChange: (sendBack: boolean) => void;
}

function WhatThen({ sendBackTo, sendBack, onChange }: WhatThenProps) {
  const name = useId();
  return (
    <fieldset className="field">
      <legend>What happens then</legend>
      <label className="tick">
        <input type="radio" name={name} checked={sendBack} onChange={() => onChange(true)} />
        Send it back to “{sendBackTo}”, and ask again after that
      </label>
      <label className="tick">
        <input type="radio" name={name} checked={!sendBack} onChange={() => onChange(false)} />
        Stop the process here
      </label>
    </fieldset>
  );
}
