/** One callback: how long, how far, what it said, what was refused, and what helps it on. */
import { lazy, Suspense, useRef, useState } from "react";
import { Deadline, Elapsed, Time } from "../../components/Time";
import { useSeen } from "../../components/useSeen";
import { readable } from "../../visible";
import { hasResult, isFailed, isSilent, reasonOf, type Row } from "./callbackTable";
import { Deliveries, useRecord, Validation } from "./Deliveries";
import { Fold } from "./Fold";
import { LateAnswers } from "./LateAnswers";
import type { Callback } from "./processModel";
import { Progress } from "./Progress";
import { RecoveryActions } from "./RecoveryActions";
import { ResultComparison } from "./ResultComparison";
import { ResultView } from "./ResultView";
import { useProcessContext } from "./useProcess";
import { bytes, sourceOf, statusWords } from "./words";

const ProgressLog = lazy(() => import("../../components/output/ProgressLog"));

interface Props {
  row: Row;
  stepIndex: number;
  /** The step has no other callback, so the failure of the process offers its late answers already. */
  isAlone?: boolean;
  stepReason?: string | null;
}

export function CallbackDetail({ row: { callback, earlier }, stepIndex, isAlone = false, stepReason = null }: Props) {
  const { head, wait, late } = useProcessContext();
  const { id, status, validation, progress } = callback;
  const isOpen = status === "PENDING";
  const isOfferedAbove = isAlone && head.status === "FAILED";
  const own = wait?.index === stepIndex && !isOfferedAbove ? late.filter(({ name }) => name === callback.name) : [];
  const reason = reasonOf(callback);
  // The failed step says it, and the head of the page: a third time would only push the buttons away.
  const isSaid = isAlone && (reason === stepReason || reason === head.failureReason?.message);
  // A log that was open while the job ran stays open: its end is what people wait for.
  const [isWatched] = useState(isAlone && isOpen);
  const place = useRef<HTMLDivElement>(null);
  const record = useRecord(callback, useSeen(place));
  return (
    <div ref={place} className="callback">
      <Facts callback={callback} />
      {reason && !isSaid && <p className="words error">{readable(reason)}</p>}
      {validation?.message && validation.outcome === "ACCEPTED" && <p className="words">{readable(validation.message)}</p>}
      {/* Before all that is read later or grows: no button may move under the pointer. */}
      <RecoveryActions callback={callback} stepIndex={stepIndex} />
      <LateAnswers answers={own} />
      {isOpen && <Progress callback={callback} />}
      {progress && (
        <Fold name="log" label="Progress log" startsOpen={isWatched}>
          {() => (
            <Suspense fallback={null}>
              <ProgressLog callbackId={id} hasBar={false} />
            </Suspense>
          )}
        </Fold>
      )}
      <Deliveries record={record} />
      {hasResult(callback) && (
        <Fold
          name="result"
          label={
            <>
              Result{" "}
              {callback.resultBytes !== null && <span className="muted">{bytes(callback.resultBytes)}</span>}
            </>
          }
          startsOpen={isFailed(callback)}
        >
          {() => <ResultView id={id} version={`${status} ${callback.receivedAt}`} />}
        </Fold>
      )}
      {hasResult(callback) && (
        <Fold name="comparison" label="Compare with an earlier result">
          {() => <ResultComparison id={id} processId={head.id} version={`${status} ${callback.receivedAt}`} />}
        </Fold>
      )}
      {record && <Validation record={record} id={id} />}
      {earlier.length > 0 && (
        <Fold name="earlier" label={`Issued before (${earlier.length})`}>
          {() => earlier.map((before) => <Earlier key={before.id} callback={before} />)}
        </Fold>
      )}
    </div>
  );
}

function Earlier({ callback }: { callback: Callback }) {
  const record = useRecord(callback, true);
  const reason = reasonOf(callback);
  return (
    <div className="callback">
      <Facts callback={callback} />
      {reason && <p className="words">{readable(reason)}</p>}
      <Deliveries record={record} />
    </div>
  );
}

function Facts({ callback }: { callback: Callback }) {
  const { status, issuedAt, expiresAt, heartbeatDueAt, receivedAt, isEarly, round, service, externalId, tokenHint } = callback;
  const isOpen = status === "PENDING";
  const source = sourceOf(callback);
  return (
    <p className="callback-head">
      <strong>{statusWords(callback)}</strong>
      {isOpen && (
        <span>
          since <Time at={issuedAt} /> · <Elapsed since={issuedAt} />
        </span>
      )}
      {isOpen && expiresAt && (
        <span>
          deadline: <Deadline at={expiresAt} />
        </span>
      )}
      {isOpen && heartbeatDueAt && (
        <span>
          next report: <Deadline at={heartbeatDueAt} />
        </span>
      )}
      {isSilent(callback) && (
        <span className="muted">
          asked <Time at={issuedAt} />
          {status === "EXPIRED" && expiresAt && (
            <>
              , deadline <Time at={expiresAt} />
            </>
          )}
        </span>
      )}
      {receivedAt && (
        <span className="muted">
          <Time at={receivedAt} />
          {isEarly && ", before the wait began"}
        </span>
      )}
      {source && <span className="muted">{source}</span>}
      {service && <span className="muted">service {service}</span>}
      {externalId && (
        <span className="muted">
          job <code>{externalId}</code>
        </span>
      )}
      <span className="muted" title="The last characters of the token, for talking to the remote team">
        token …{tokenHint}
      </span>
      {round > 1 && <span className="muted">issued {round} times</span>}
    </p>
  );
}
