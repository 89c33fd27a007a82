/** What happened to the text that was typed before: it is here again, or the form is another one now. */
import { TypedValues } from "./TypedValues";
import type { Notice } from "./wizard";

export function FormNotice({ notice, onStartOver }: { notice: Notice | null; onStartOver: () => void }) {
  if (!notice) return null;
  if (notice.kind === "restored")
    return (
      <p className="wizard-notice" role="status">
        What you typed before is here again.
        {notice.lacksSecret && " Secrets are not kept: type them again."}{" "}
        <button type="button" className="link" onClick={onStartOver}>
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
