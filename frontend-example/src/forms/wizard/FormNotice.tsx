/** What happened to the text that was typed before: it is here again, or in another tab, or the form is another one now. */
import { TypedValues } from "./TypedValues";
import type { Wizard, WizardState } from "./wizard";

export function FormNotice({ wizard, state: { notice } }: { wizard: Wizard; state: WizardState }) {
  if (!notice) return null;
  if (notice.kind === "offered")
    return (
      <p className="wizard-notice" role="status">
        Another tab has a draft of this form.{" "}
        <button type="button" className="link" onClick={() => void wizard.take(notice.draft)}>
          Go on with that draft here
        </button>
      </p>
    );
  if (notice.kind === "restored")
    return (
      <p className="wizard-notice" role="status">
        What you typed before is here again.
        {notice.lacksSecret && " Secrets are not kept: type them again."}{" "}
        <button type="button" className="link" onClick={() => wizard.startOver()}>
          Start over
        </button>
      </p>
    );
  const isAnyLost = Object.keys(notice.lost).length > 0;
  return (
    <div className="wizard-notice" role="status">
      <p>
        This form has changed since it was shown. What you typed is kept where it still fits: check it before you go on.
        {isAnyLost && " This did not fit any more:"}
      </p>
      {isAnyLost && <TypedValues pages={[notice.lost]} />}
    </div>
  );
}
