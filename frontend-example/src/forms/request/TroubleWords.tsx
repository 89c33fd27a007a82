import { ErrorWords, RefusalWords } from "../wizard/Refusals";
import type { Trouble } from "./commands";

/** Why a command was not carried out. */
export function TroubleWords({ trouble, onDismiss }: { trouble: Trouble | null; onDismiss?: () => void }) {
  if (!trouble) return null;
  return (
    <div className="wizard-alarm" role="alert">
      <p>
        {trouble.refusal && <RefusalWords refusal={trouble.refusal} />}
        {trouble.error && <ErrorWords error={trouble.error} />}
      </p>
      {onDismiss && (
        <button type="button" className="link" onClick={onDismiss}>
          Dismiss
        </button>
      )}
    </div>
  );
}
