/** What is kept about a callback: the deliveries that were not accepted, newest first, and what the validation found. */
import { lazy, Suspense } from "react";
import { useLive } from "../../api/useLive";
import { Time } from "../../components/Time";
import type { DeliveriesQuery } from "../../gql/graphql";
import { DELIVERIES } from "../../operations/process";
import { readable } from "../../visible";
import { Fold } from "./Fold";
import { AdoptButton } from "./LateAnswers";
import type { Callback } from "./processModel";
import { useRefreshing } from "./watching";
import { useProcessContext } from "./useProcess";
import { bytes, plain } from "./words";

const Result = lazy(() => import("../../components/output/Result"));

type Node = DeliveriesQuery["node"];
type CallbackRecord = Extract<Node, { attempts: unknown }>;
type Delivery = CallbackRecord["attempts"]["nodes"][number];

const isRecord = (node: Node | undefined): node is CallbackRecord => !!node && "attempts" in node;

/** `isSeen`: somebody came near it. A process may have hundreds of callbacks. */
export function useRecord({ id, status }: Callback, isSeen: boolean): CallbackRecord | null {
  const { head } = useProcessContext();
  const { data, refresh } = useLive(
    DELIVERIES,
    { id },
    { concerns: ({ processId }) => processId === head.id, isPaused: !isSeen },
  );
  useRefreshing(refresh, isSeen && status !== "VALIDATED" && head.endedAt === null);
  const node = data?.node;
  return isRecord(node) ? node : null;
}

/** One line from the beginning, so that nothing below it moves when the deliveries are read. */
export function Deliveries({ record }: { record: CallbackRecord | null }) {
  if (!record) return <p className="fold-place">Deliveries</p>;
  const { nodes, totalCount } = record.attempts;
  const refused = nodes.filter(({ outcome }) => outcome !== "ACCEPTED").reverse();
  if (!refused.length) return <p className="fold-place">No delivery was refused</p>;
  return (
    <Fold name="refused" label={`Not accepted (${refused.length})`}>
      {() => (
        <>
          {totalCount > nodes.length && (
            <p className="muted">
              The newest {nodes.length} of {totalCount} deliveries are kept.
            </p>
          )}
          <ul className="deliveries">
            {refused.map((delivery) => (
              <Refused key={delivery.id} delivery={delivery} />
            ))}
          </ul>
        </>
      )}
    </Fold>
  );
}

export function Validation({ record, id }: { record: CallbackRecord; id: string }) {
  const details = record.validation?.details ?? null;
  if (details === null) return null;
  return (
    <Fold name="validation" label="What the validation found">
      {() => (
        <Suspense fallback={null}>
          <Result value={details} fileName={`validation-${id}.json`} />
        </Suspense>
      )}
    </Fold>
  );
}

function Refused({ delivery }: { delivery: Delivery }) {
  const { at, outcome, peer, error, isAdoptable, isFailureReport, bodyPreview } = delivery;
  const previewBytes = bodyPreview === null ? 0 : new TextEncoder().encode(bodyPreview).length;
  return (
    <li>
      <p>
        <Time at={at} /> {plain(outcome)} · {bytes(delivery.bytes)}
        {isFailureReport && ", reports a failure"}
        {peer && ` from ${peer}`}
        {error && ` – ${readable(error)}`} {isAdoptable && <AdoptButton delivery={delivery} />}
      </p>
      {bodyPreview !== null && (
        <>
          <pre className="preview" tabIndex={0}>
            {readable(bodyPreview)}
          </pre>
          {previewBytes < delivery.bytes && (
            <p className="muted">
              The first {bytes(previewBytes)} of {bytes(delivery.bytes)}.
            </p>
          )}
        </>
      )}
    </li>
  );
}
