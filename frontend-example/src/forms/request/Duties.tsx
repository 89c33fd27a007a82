/** Whose a form is: take it, give it back, or hand it to another team. Exactly the buttons that the person may press. */
import { lazy, Suspense, useState } from "react";
import { Boundary } from "../../components/Boundary";
import { ASSIGN, CLAIM, RELEASE } from "../../operations/inputRequests";
import { useCommands } from "./commands";
import { isViewer, mayManage, type Request, type Viewer } from "./facts";
import { TroubleWords } from "./TroubleWords";

const AssignDialog = lazy(() => import("./AssignDialog"));

interface Props {
  request: Request;
  viewer: Viewer;
  onSettled: () => void;
}

export function Duties({ request, viewer, onSettled }: Props) {
  const { id, version, claimedBy, canSubmit } = request;
  const { isSending, trouble, perform, dismiss } = useCommands(onSettled);
  const [isAssigning, setAssigning] = useState(false);
  const input = { inputRequestId: id, expectedVersion: version };
  const mayRelease = claimedBy !== null && (isViewer(viewer, claimedBy) || mayManage(viewer));
  const mayClaim = canSubmit && claimedBy === null;
  const mayAssign = canSubmit || mayManage(viewer);
  if (!mayRelease && !mayClaim && !mayAssign) return null;
  const assign = async (assigneeKey: string): Promise<boolean> => (await perform(ASSIGN, { ...input, assigneeKey })) === null;
  return (
    <div className="duties">
      {/* One button with two labels: the focus stays on it. */}
      {(mayClaim || mayRelease) && (
        <button
          type="button"
          className="quiet"
          aria-disabled={isSending}
          onClick={() => !isSending && void perform(mayClaim ? CLAIM : RELEASE, input)}
        >
          {mayClaim ? "Claim" : "Release"}
        </button>
      )}
      {mayAssign && (
        <button type="button" className="quiet" onClick={() => setAssigning(true)}>
          Assign…
        </button>
      )}
      <TroubleWords trouble={isAssigning ? null : trouble} onDismiss={dismiss} />
      {isAssigning && (
        <Boundary name="This question">
          <Suspense>
            <AssignDialog
              request={request}
              trouble={trouble}
              onAssign={async (key) => (await assign(key)) && setAssigning(false)}
              onClose={() => {
                setAssigning(false);
                dismiss();
              }}
            />
          </Suspense>
        </Boundary>
      )}
    </div>
  );
}
