/** A text of people beside what the engine knows: read by all, edited by those who may, and never overwritten unseen. */
import { useEffect, useId, useRef, useState } from "react";
import { readable } from "../visible";
import { announce } from "./Announcer";
import { situation, stored, type Draft } from "./editing";
import { Problem } from "./Problem";
import "../styles/notes.css";
import { LONGEST_TEXT } from "../words";

interface Props {
  /** What kind of text: `Note`. */
  label: string;
  text: string | null | undefined;
  maxLength?: number;
  /** Why the person may not edit it; null if the person may. */
  whyNot: string | null;
  /** Store the text, null for none; throws the refusal. The caller passes the version that it shows to the server. */
  save: (text: string | null) => Promise<void>;
}

export function Notes({ label, text, maxLength = LONGEST_TEXT, whyNot, save }: Props) {
  const current = text ?? "";
  const [draft, setDraft] = useState<Draft | null>(null);
  const opener = useRef<HTMLButtonElement>(null);
  const wasOpen = useRef(false);
  useEffect(() => {
    // The form is gone: focus must not be lost with it.
    if (wasOpen.current && !draft) opener.current?.focus();
    wasOpen.current = draft !== null;
  }, [draft]);

  if (draft) {
    return <Editor {...{ label, current, maxLength, draft, setDraft, save }} />;
  }
  return (
    <div className="note">
      {current ? <p className="words">{readable(current)}</p> : <p className="muted">None.</p>}
      {whyNot === null ? (
        <button ref={opener} type="button" className="quiet" onClick={() => setDraft({ typed: current, base: current })}>
          {current ? `Edit the ${label.toLowerCase()}` : `Write a ${label.toLowerCase()}`}
        </button>
      ) : (
        <p className="help">{whyNot}</p>
      )}
    </div>
  );
}

interface EditorProps extends Pick<Props, "label" | "save"> {
  current: string;
  maxLength: number;
  draft: Draft;
  setDraft: (draft: Draft | null) => void;
}

function Editor({ label, current, maxLength, draft, setDraft, save }: EditorProps) {
  const id = useId();
  const [error, setError] = useState<Error | null>(null);
  const [isBusy, setBusy] = useState(false);
  const state = situation(draft, current);

  const send = async (): Promise<void> => {
    if (state === "unchanged") return setDraft(null);
    setBusy(true);
    setError(null);
    try {
      await save(stored(draft.typed));
      announce(`${label} saved`);
      setDraft(null);
    } catch (problem) {
      setError(problem as Error);
      setBusy(false);
    }
  };

  return (
    <form
      className="note"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
      onKeyDown={(event) => event.key === "Escape" && state === "unchanged" && setDraft(null)}
    >
      <div className="field">
        <label htmlFor={id} className="unseen">
          {label}
        </label>
        <textarea
          id={id}
          rows={4}
          autoFocus
          maxLength={maxLength}
          value={draft.typed}
          onChange={(event) => setDraft({ ...draft, typed: event.target.value })}
        />
      </div>
      {state === "conflict" && <Conflict current={current} onKeep={() => setDraft({ ...draft, base: current })} />}
      {error && <Problem error={error} title={`${label} was not saved.`} />}
      <div className="actions">
        <button className="primary" disabled={isBusy || state === "conflict"}>
          Save
        </button>
        <button type="button" onClick={() => setDraft(null)} disabled={isBusy}>
          Cancel
        </button>
      </div>
    </form>
  );
}

function Conflict({ current, onKeep }: { current: string; onKeep: () => void }) {
  return (
    <div className="callout" role="alert">
      <p>Somebody else changed it meanwhile. It is now:</p>
      <q className="words">{readable(current || "(nothing)")}</q>
      <button type="button" onClick={onKeep}>
        Replace it by mine
      </button>
    </div>
  );
}
