/** Retry and abort, if the server accepts them now. */
import { useState } from "react";
import { ABORT, RETRY } from "../../operations/processActions";
import { ActionDialog, reasonIn } from "./ActionDialog";
import { perform } from "./perform";
import { useProcessContext } from "./useProcess";

export function RetryButton() {
  const { head, late, touch } = useProcessContext();
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
        onClick={() => (late.length ? setAsking(true) : void retry())}
      >
        {late.length ? "Retry…" : "Retry"}
      </button>
      {problem && (
        <p className="error" role="alert">
          {problem}
        </p>
      )}
      {isAsking && (
        <ActionDialog
          title="Retry although an answer came?"
          words="A late answer is kept, and could be adopted instead. A retry may call the remote service again."
          confirm="Retry"
          reason={null}
          onSend={retry}
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
          title={`Abort ${head.workflowName}?`}
          words={`${head.subject}\n\nNothing follows after the step in flight, and open callback URLs are withdrawn.`}
          confirm="Abort the process"
          onSend={abort}
          onClose={() => setAsking(false)}
        />
      )}
    </>
  );
}
