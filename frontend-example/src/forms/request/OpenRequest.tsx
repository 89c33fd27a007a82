/** An open request: the form, and the buttons of those who may decide. */
import { lazy, Suspense, useEffect, useId, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { run } from "../../api/client";
import { useReading } from "../../api/useReading";
import { Boundary } from "../../components/Boundary";
import { Problem } from "../../components/Problem";
import { announce } from "../../components/Announcer";
import { REJECT, REQUEST_FORM, SUBMIT_FORM } from "../../operations/inputRequests";
import { draftPlace } from "../wizard/drafts";
import { isInvalid, isPage, isRefusal, type Answer, type Fields, type Look, type Page } from "../wizard/types";
import { useWizard } from "../wizard/useWizard";
import type { Sent, Wizard } from "../wizard/wizard";
import { WizardView } from "../wizard/WizardView";
import { useCommands } from "./commands";
import { cutNotesOf } from "./CutNotes";
import type { Request, Viewer } from "./facts";
import { placeOf } from "./kept";
import { LONGEST_TEXT } from "../../words";
import type { Rejection } from "./RejectDialog";

const RejectDialog = lazy(() => import("./RejectDialog"));

/** Nobody reads more at once; the rest is loaded on demand. */
const LONGEST_SHOWN = 20_000;

export interface OpenRequestProps {
  request: Request;
  viewer: Viewer;
  /** The version now: a claim or a reminder, which the person sees happen, is no reason to refuse what was typed. */
  newestVersion: () => number;
  /** A decision is on its way: what becomes of the form is not known yet. */
  onBusy: (isBusy: boolean) => void;
  onSettled: () => void;
  /** Somebody else was first. */
  onLost: () => void;
}

async function look(id: string, pages: readonly Fields[]): Promise<Look> {
  const { node } = await run(REQUEST_FORM, { id, pages: [...pages], longestText: LONGEST_SHOWN });
  return node && "form" in node ? node.form : null;
}

export function OpenRequest(props: OpenRequestProps) {
  const { request } = props;
  const { data, error, isReading, again } = useReading(() => look(request.id, []), request.id);
  const first = data ? (isPage(data) ? data : isInvalid(data) ? data.page : null) : undefined;
  const onSettled = (): void => {
    again();
    props.onSettled();
  };
  return (
    <>
      {error && <Problem error={error} title="The form was not read." onRetry={again} isRetrying={isReading} />}
      <Form {...props} first={first} onSettled={onSettled} hasFailed={error !== null} />
    </>
  );
}

interface FormProps extends OpenRequestProps {
  first: Page | null | undefined;
  hasFailed: boolean;
}

function Form(props: FormProps) {
  const { request, first, hasFailed, onBusy, onSettled, onLost } = props;
  const wizard = useRequestWizard(props);
  const { isSending } = useSyncExternalStore(wizard.subscribe, wizard.get);
  const [isRejecting, setRejecting] = useState(false);
  useBusy(isSending, onBusy);

  const onAnswer = (answer: Answer): void => {
    if (isInvalid(answer) || answer.__typename === "FormIncomplete") return;
    if (answer.__typename === "ConflictError") onLost();
    if (!isRefusal(answer)) announce("Your decision is stored.");
    onSettled();
  };
  const rejectButton = request.canReject && (
    <button type="button" className="danger quiet" onClick={() => setRejecting(true)}>
      Reject…
    </button>
  );
  return (
    <>
      {first === undefined && hasFailed ? (
        rejectButton
      ) : (
        <WizardView
          wizard={wizard}
          above={request.title}
          label={request.approvalsNeeded > 1 ? "Approve" : "Confirm"}
          onAnswer={onAnswer}
          isHeld={!request.canSubmit}
          isApproved={request.decisions.length > 0}
          extras={rejectButton}
          footer={<Comment wizard={wizard} />}
          cutNotes={(page) => cutNotesOf(page, { requestId: request.id, pagesBefore: () => wizard.pagesBefore() })}
        />
      )}
      {isRejecting && <Rejecting {...props} wizard={wizard} onClose={() => setRejecting(false)} />}
    </>
  );
}

/** Tell that a decision is on its way, until it is answered or the form is gone. */
function useBusy(isSending: boolean, onBusy: (isBusy: boolean) => void): void {
  useEffect(() => {
    onBusy(isSending);
    return () => onBusy(false);
  }, [isSending, onBusy]);
}

interface RejectingProps extends OpenRequestProps {
  wizard: Wizard;
  onClose: () => void;
}

function Rejecting({ request, viewer, wizard, newestVersion, onBusy, onSettled, onClose }: RejectingProps) {
  const { isSending, trouble, perform } = useCommands(onSettled);
  const { comment } = useSyncExternalStore(wizard.subscribe, wizard.get);
  useBusy(isSending, onBusy);
  const reject = async (rejection: Rejection): Promise<void> => {
    if (isSending) return;
    const input = { inputRequestId: request.id, expectedVersion: newestVersion(), ...rejection };
    if ((await perform(REJECT, input)) !== null) return;
    draftPlace(viewer.user?.id ?? "", placeOf(request)).remove();
    onClose();
  };
  return (
    <Boundary name="This question">
      <Suspense>
        <RejectDialog
          request={request}
          comment={comment}
          trouble={trouble}
          onComment={(typed) => wizard.typeComment(typed)}
          onReject={(rejection) => void reject(rejection)}
          onClose={onClose}
        />
      </Suspense>
    </Boundary>
  );
}

function useRequestWizard({ request, viewer, first, newestVersion }: FormProps): Wizard {
  const { id } = request;
  const latest = useRef(newestVersion);
  latest.current = newestVersion;
  const options = useMemo(
    () => ({
      person: viewer.user?.id ?? "",
      place: placeOf(request),
      isAnsweredOnce: true,
      look: (pages: readonly Fields[]) => look(id, pages),
      send: async ({ pages, page, comment, idempotencyKey }: Sent): Promise<Answer> => {
        const shown = { expectedVersion: latest.current(), shownDigest: page?.digest ?? null };
        const input = { inputRequestId: id, pages: [...pages], comment, idempotencyKey, ...shown };
        return (await run(SUBMIT_FORM, { input }, "mutation")).submitForm;
      },
    }),
    [id, request, viewer.user?.id],
  );
  return useWizard(options, first);
}

function Comment({ wizard }: { wizard: Wizard }) {
  const id = useId();
  const { comment } = useSyncExternalStore(wizard.subscribe, wizard.get);
  return (
    <div className="field comment">
      <label htmlFor={id}>
        Comment <span className="muted">(optional)</span>
      </label>
      <textarea id={id} rows={2} maxLength={LONGEST_TEXT} value={comment} onChange={(event) => wizard.typeComment(event.target.value)} />
    </div>
  );
}
