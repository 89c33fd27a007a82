/** Retry, go on before the time, and abort, if the server accepts them now. */
import { useState } from "react";
import { ABORT, CONTINUE, RETRY } from "../../operations/processActions";
import { ActionDialog, reasonIn } from "./ActionDialog";
import { perform } from "./perform";
import { useProcessContext } from "./useProcess";

/** `callsRemote`: the failed step may call a remote service, so a late answer is worth a question first. */
export function RetryButton({ callsRemote = false }: { callsRemote?: boolean }) {
  const { head, late, touch } = useProcessContext();
  const mustAsk = callsRemote && late.length > 0;
  const [problem, setProblem] = useState<string | null>(null);
  const [isSending, setSending] = useState(false);
  const [isAsking, setAsking] = useState(false);
  if (!head.availableActions.includes("RETRY")) return null;
  const retry = async (): Promise<string | null> => {
    setSending(true);
    const refusal = await perform(RETRY, { processId: head.id, expectedVersion: head.version });
    setSending(false);
    setProblem(refusal);
    touch();
    return refusal;
  };
  return (
    <>
      <button
        type="button"
        className={late.length ? undefined : "primary"}
        disabled={isSending}
        onClick={() => (mustAsk ? setAsking(true) : void retry())}
      >
        {mustAsk ? "Retry…" : "Retry"}
      </button>
      {problem && (
        <p className="error" role="alert">
          {problem}
        </p>
      )}
      {isAsking && (
        <ActionDialog
          title="Retry although an answer came?"
          words="An answer is kept, and could be adopted instead. A retry calls the remote service again."
          confirm="Retry"
          reason={null}
          onSend={retry}
          onClose={() => setAsking(false)}
        />
      )}
    </>
  );
}

export function ContinueButton() {
  const { head, touch } = useProcessContext();
  const [isAsking, setAsking] = useState(false);
  if (!head.availableActions.includes("CONTINUE")) return null;
  const goOn = async (typed: FormData): Promise<string | null> => {
    const refusal = await perform(CONTINUE, { processId: head.id, expectedVersion: head.version, reason: reasonIn(typed) ?? "" });
    touch();
    return refusal;
  };
  return (
    <>
      <button type="button" onClick={() => setAsking(true)}>
        Continue now…
      </button>
      {isAsking && (
        <ActionDialog
          title="Continue before the time?"
          words="The next steps run at once, outside of the window for which this process waits."
          confirm="Continue now"
          reason="required"
          onSend={goOn}
          onClose={() => setAsking(false)}
        />
      )}
    </>
  );
}

export function AbortButton() {
  const { head, touch } = useProcessContext();
  const [isAsking, setAsking] = useState(false);
  if (!head.availableActions.includes("ABORT")) return null;
  const abort = async (typed: FormData): Promise<string | null> => {
    const refusal = await perform(ABORT, { processId: head.id, expectedVersion: head.version, reason: reasonIn(typed) });
    touch();
    return refusal;
  };
  return (
    <>
      <button type="button" className="danger quiet" onClick={() => setAsking(true)}>
        Abort…
      </button>
      {isAsking && (
        <ActionDialog
          title={`Abort “${head.subject}”?`}
          words={`Nothing follows after the step in flight, and open callback URLs are withdrawn.`}
          confirm="Abort the process"
          onSend={abort}
          onClose={() => setAsking(false)}
        />
      )}
    </>
  );
}
