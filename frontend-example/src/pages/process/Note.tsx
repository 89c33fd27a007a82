/** The note of a process. Two people who write at once do not lose each other's words. */
import { useState, type FormEvent } from "react";
import { run } from "../../api/client";
import { PROCESS_NOTE } from "../../operations/process";
import { EDIT_NOTE } from "../../operations/processActions";
import { readable } from "../../visible";
import { perform } from "./perform";
import { LONGEST_TEXT } from "../../words";
import { useProcessContext } from "./useProcess";

/** A process that moves changes its version all the time, and that is no reason to refuse a note. */
const TRIES = 5;

export function Note() {
  const { head, touch } = useProcessContext();
  const [isEditing, setEditing] = useState(false);
  const mayEdit = head.availableActions.includes("EDIT_NOTE");
  if (isEditing)
    return (
      <NoteForm
        onEnd={() => {
          setEditing(false);
          touch();
        }}
      />
    );
  if (!head.note && !mayEdit) return null;
  return (
    <div className="note">
      {head.note && <p className="words">{readable(head.note)}</p>}
      {mayEdit && (
        <button type="button" className="quiet" onClick={() => setEditing(true)}>
          {head.note ? "Edit the note" : "Add a note"}
        </button>
      )}
    </div>
  );
}

function NoteForm({ onEnd }: { onEnd: () => void }) {
  const { head } = useProcessContext();
  const [base, setBase] = useState(head.note);
  const [problem, setProblem] = useState<string | null>(null);
  const [isSending, setSending] = useState(false);
  const save = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const typed = String(new FormData(event.currentTarget).get("note")).trim() || null;
    setSending(true);
    const { refusal, other } = await saved(head.id, typed, base);
    setSending(false);
    if (refusal === null) return onEnd();
    setProblem(refusal);
    // The person has seen the other text now: the next try replaces it.
    if (other !== undefined) setBase(other);
  };
  return (
    <form className="note" onSubmit={(event) => void save(event)}>
      <label htmlFor="note">Note</label>
      <textarea id="note" name="note" rows={4} maxLength={LONGEST_TEXT} defaultValue={base ?? ""} autoFocus />
      {problem && (
        <p className="error words" role="alert">
          {problem}
        </p>
      )}
      <div className="actions">
        <button className="primary" disabled={isSending}>
          Save the note
        </button>
        <button type="button" onClick={onEnd}>
          Cancel
        </button>
      </div>
    </form>
  );
}

interface Saved {
  refusal: string | null;
  /** The note that somebody else wrote meanwhile. */
  other?: string | null;
}

async function saved(processId: string, note: string | null, base: string | null): Promise<Saved> {
  let refusal: string | null = null;
  for (let tries = 0; tries < TRIES; tries++) {
    const { process } = await run(PROCESS_NOTE, { id: processId });
    if (!process) return { refusal: "The process is gone." };
    if (process.note !== base)
      return { refusal: `Somebody else changed the note meanwhile:\n${process.note ?? "(removed)"}`, other: process.note };
    refusal = await perform(EDIT_NOTE, { processId, note, expectedVersion: process.version });
    if (refusal === null) break;
  }
  return { refusal };
}
