/** What helps a callback on. What calls the remote service again comes last. */
import { useId, useState, type ReactNode } from "react";
import { parse, type Json } from "../../api/json";
import { COMPLETE, REAWAIT, REISSUE } from "../../operations/processActions";
import { ActionDialog, checkWith, reasonIn } from "./ActionDialog";
import { LateAnswers } from "./LateAnswers";
import { perform } from "./perform";
import type { Callback } from "./processModel";
import { offersFor } from "./recovery";
import { useProcessContext } from "./useProcess";

type Action = "reawait" | "complete" | "reissue";

const LABELS: readonly [Action, string][] = [
  ["reawait", "Wait longer…"],
  ["complete", "Complete by hand…"],
  ["reissue", "Issue again…"],
];

export function RecoveryActions({ callback, stepIndex }: { callback: Callback; stepIndex: number }) {
  const { head, wait } = useProcessContext();
  const [asked, setAsked] = useState<Action | null>(null);
  const offers = offersFor(callback, head, wait, stepIndex);
  const labels = LABELS.filter(([action]) => offers[action]);
  const Dialog = asked && DIALOGS[asked];
  if (!labels.length && !Dialog) return null;
  return (
    <div className="actions">
      {labels.map(([action, label]) => (
        <button key={action} type="button" className="quiet" onClick={() => setAsked(action)}>
          {label}
        </button>
      ))}
      {Dialog && <Dialog callback={callback} onClose={() => setAsked(null)} />}
    </div>
  );
}

interface DialogProps {
  callback: Callback;
  onClose: () => void;
}

/** What every action on a callback sends: its id, and the version of the process that the person saw. */
function useTarget({ id }: Callback): { callbackId: string; expectedVersion: number } {
  return { callbackId: id, expectedVersion: useProcessContext().head.version };
}

const nameOf = ({ name }: Callback): string => (name ? ` for ${name}` : "");

function ReawaitDialog({ callback, onClose }: DialogProps) {
  const { touch } = useProcessContext();
  const target = useTarget(callback);
  const send = async (typed: FormData): Promise<string | null> => {
    const timeoutSeconds = Number(typed.get("minutes")) * 60;
    return perform(REAWAIT, { ...target, timeoutSeconds, reason: reasonIn(typed) }).finally(touch);
  };
  return (
    <ActionDialog
      title={`Wait longer${nameOf(callback)}?`}
      words="The same job, at the same URL: the remote service is not called."
      confirm="Wait"
      isDanger={false}
      onSend={send}
      onClose={onClose}
    >
      <Field label="Minutes, from now">
        {(id) => (
          <input
            id={id}
            name="minutes"
            inputMode="decimal"
            defaultValue="60"
            required
            autoComplete="off"
            onInput={(event) => checkWith(event.currentTarget, (text) => (Number(text) > 0 ? "" : "Type a number above zero."))}
          />
        )}
      </Field>
    </ActionDialog>
  );
}

function CompleteDialog({ callback, onClose }: DialogProps) {
  const { touch } = useProcessContext();
  const target = useTarget(callback);
  const send = async (typed: FormData): Promise<string | null> => {
    const result = parse(String(typed.get("result"))) as Json;
    return perform(COMPLETE, { ...target, result, reason: reasonIn(typed) ?? "" }).finally(touch);
  };
  return (
    <ActionDialog
      title={`Type the result in${nameOf(callback)}?`}
      words="It is judged as the remote service's own would be. The remote service is not called."
      confirm="Take it for the result"
      reason="required"
      onSend={send}
      onClose={onClose}
    >
      <Field label="Result, as JSON">
        {(id) => (
          <textarea
            id={id}
            name="result"
            className="code"
            rows={8}
            defaultValue="{}"
            required
            spellCheck={false}
            onInput={(event) => checkWith(event.currentTarget, jsonFault)}
          />
        )}
      </Field>
    </ActionDialog>
  );
}

function ReissueDialog({ callback, onClose }: DialogProps) {
  const { late, touch } = useProcessContext();
  const target = useTarget(callback);
  const own = late.filter(({ name }) => name === callback.name);
  const send = (typed: FormData): Promise<string | null> =>
    perform(REISSUE, { ...target, reason: reasonIn(typed) }).finally(touch);
  return (
    <ActionDialog
      title={own.length ? "Issue it again although an answer came?" : `Issue it again${nameOf(callback)}?`}
      words="The action runs again and calls the remote service, with a fresh URL; the old one is dead."
      confirm="Run the action again"
      onSend={send}
      onClose={onClose}
    >
      {own.length > 0 && <LateAnswers answers={own} onAdopted={onClose} />}
    </ActionDialog>
  );
}

const DIALOGS = { reawait: ReawaitDialog, complete: CompleteDialog, reissue: ReissueDialog };

function Field({ label, children }: { label: string; children: (id: string) => ReactNode }) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children(id)}
    </div>
  );
}

function jsonFault(text: string): string {
  try {
    parse(text);
    return "";
  } catch (problem) {
    return (problem as Error).message;
  }
}
