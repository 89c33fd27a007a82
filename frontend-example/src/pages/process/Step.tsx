/** One step of the timeline: what it did, what it waits for, what it asks, how it failed. */
import { lazy, memo, Suspense, useRef } from "react";
import { Badge, StatusIcon } from "../../components/Badge";
import { Elapsed, Time, useNow } from "../../components/Time";
import { useSeen } from "../../components/useSeen";
import { lookOf } from "../../status";
import { duration } from "../../time";
import { StepBar } from "./Bar";
import { Callbacks } from "./Callbacks";
import { Executions } from "./Executions";
import { Failure } from "./Failure";
import { Fold } from "./Fold";
import { LateAnswers } from "./LateAnswers";
import { RetryButton } from "./ProcessActions";
import type { Request, Step as StepData, StepState } from "./processModel";
import { StateChange } from "./StateChange";
import { secondsOf, timeKindOf, type Axis } from "./timescale";
import { useProcessContext } from "./useProcess";
import { anchorOf } from "./words";

const InputRequest = lazy(() => import("../../forms/InputRequest"));

interface Props {
  state: StepState;
  axis: Axis;
}

/** Drawn again only if the step or the scale changed: a process may have a thousand steps. */
export const Step = memo(function Step({ state, axis }: Props) {
  const { step, callbacks, requests } = state;
  const { index, status } = step;
  const isFuture = status === "PENDING";
  const titleId = `${anchorOf(index)}-title`;
  return (
    <li id={anchorOf(index)} className={`stage tone-${lookOf(status).tone}${isFuture ? " future" : ""}`} aria-labelledby={titleId}>
      <span className="marker">
        <StatusIcon status={status} />
      </span>
      <div className="stage-body">
        <StepHead step={step} titleId={titleId} />
        {step.startedAt && <StepBar state={state} axis={axis} />}
        {step.failureReason && (status === "FAILED" || status === "WAITING") && (
          <FailedStep step={step} reason={step.failureReason} />
        )}
        <Callbacks callbacks={callbacks} stepIndex={index} stepReason={step.failureReason?.message ?? null} />
        {requests.map((request) => (
          <Asked key={request.id} request={request} />
        ))}
      </div>
    </li>
  );
});

/** Changes if the step was executed again. */
const versionOf = ({ status, attempt, startedAt }: StepData): string => `${status} ${attempt} ${startedAt}`;

/** Apart from the bar, nothing follows the scale. */
const StepHead = memo(function StepHead({ step, titleId }: { step: StepData; titleId: string }) {
  const { index, name, status, completedBy } = step;
  const anchor = anchorOf(index);
  // Against the <base> of the page, `#step-3` alone would lead to the first page.
  const address = `${location.pathname}${location.search}#${anchor}`;
  return (
    <div className="stage-head">
      <h2 id={titleId} tabIndex={-1}>
        <a
          className="step-link"
          href={address}
          onClick={(event) => {
            if (event.ctrlKey || event.metaKey || event.shiftKey) return;
            event.preventDefault();
            location.hash = anchor;
          }}
        >
          {index + 1}
          <span className="unseen">, link to this step</span>
        </a>{" "}
        {name}
      </h2>
      <Badge status={status} />
      {completedBy && <span className="muted">by {completedBy.name}</span>}
      <Tries step={step} />
      <Folds step={step} />
      <span className="stage-time">
        <StepTime step={step} />
      </span>
    </div>
  );
});

function Folds({ step }: { step: StepData }) {
  const { id, status, executionCount } = step;
  return (
    <>
      {executionCount > 1 && (
        <Fold name="executions" label={`Executed ${executionCount} times`}>
          {() => <Executions id={id} version={versionOf(step)} />}
        </Fold>
      )}
      {status === "SUCCESS" && (
        <Fold name="state" label="State">
          {() => <StateChange id={id} version={versionOf(step)} />}
        </Fold>
      )}
    </>
  );
}

/** `try 3, next in 20 s`; a step that waits for its time tries nothing: `goes on in 5 h`. */
function Tries({ step: { kind, attempt, retryAt } }: { step: StepData }) {
  if (attempt <= 1 && !retryAt) return null;
  if (kind === "SYSTEM")
    return (
      retryAt && (
        <span className="muted">
          goes on <Countdown to={retryAt} />
        </span>
      )
    );
  return (
    <span className="muted">
      try {attempt}
      {retryAt && (
        <>
          , next <Countdown to={retryAt} />
        </>
      )}
    </span>
  );
}

function Countdown({ to }: { to: string }) {
  const seconds = Math.ceil((Date.parse(to) - useNow()) / 1000);
  return <time dateTime={to}>{seconds > 0 ? `in ${duration(seconds)}` : "at any moment"}</time>;
}

function StepTime({ step }: { step: StepData }) {
  const { startedAt, completedAt } = step;
  if (!startedAt) return null;
  const kind = timeKindOf(step);
  const isWait = kind !== "work" && kind !== "tries";
  if (!completedAt)
    return (
      <>
        {isWait ? "waiting for " : kind === "tries" ? "began " : "for "}
        <Elapsed since={startedAt} />
        {kind === "tries" && " ago"}
      </>
    );
  const took = duration(secondsOf(step, 0));
  return (
    <>
      {kind === "lost" || kind === "tries" ? `${took} since it began` : `${isWait ? "waited" : "worked"} ${took}`} · <Time at={completedAt} />
    </>
  );
}

function FailedStep({ step, reason }: { step: StepData; reason: NonNullable<StepData["failureReason"]> }) {
  const { late, head } = useProcessContext();
  const isHere = head.currentStep?.index === step.index;
  // Beside the table of callbacks, the details would say the same again, and push it away.
  const isFolded = step.kind === "AWAIT_CALLBACK";
  // The decision, which stands below, says who rejected it and why.
  if (reason.code === "rejected" && step.kind === "INPUT") return isHere ? <Retry step={step} /> : null;
  return (
    <Failure reason={reason} of={{ step: step.id }} version={versionOf(step)} isFolded={isFolded}>
      {isHere && <Retry step={step} />}
      {isHere && <LateAnswers answers={late} />}
    </Failure>
  );
}

function Retry({ step }: { step: StepData }) {
  return (
    <div className="actions">
      <RetryButton callsRemote={step.kind === "ACTION"} />
    </div>
  );
}

/** An open form is drawn at once; what was decided before, when somebody comes near it. */
function Asked({ request: { id, status } }: { request: Request }) {
  const place = useRef<HTMLDivElement>(null);
  const isSeen = useSeen(place);
  const isOpen = status === "OPEN";
  return (
    <div ref={place} className={isOpen ? "asked" : "answered"} data-request={id}>
      {(isOpen || isSeen) && (
        <Suspense fallback={<p className="muted">Reading the form…</p>}>
          <InputRequest id={id} />
        </Suspense>
      )}
    </div>
  );
}
