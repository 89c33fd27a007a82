/** The deliveries that were not accepted, newest first, with what was in them. */
import { useLive } from "../../api/useLive";
import { Time } from "../../components/Time";
import type { DeliveriesQuery } from "../../gql/graphql";
import { DELIVERIES } from "../../operations/process";
import { Fold } from "./Fold";
import { AdoptButton } from "./LateAnswers";
import type { Callback } from "./processModel";
import { useRefreshing } from "./useLateAnswers";
import { useProcessContext } from "./useProcess";
import { bytes, plain } from "./words";

type Delivery = Extract<DeliveriesQuery["node"], { attempts: unknown }>["attempts"]["nodes"][number];

export function Deliveries({ callback: { id, status } }: { callback: Callback }) {
  const { head } = useProcessContext();
  const { data, refresh } = useLive(DELIVERIES, { id }, { concerns: ({ processId }) => processId === head.id });
  useRefreshing(refresh, status !== "VALIDATED");
  const node = data?.node;
  if (!node || !("attempts" in node)) return null;
  const { nodes, totalCount } = node.attempts;
  const refused = nodes.filter(({ outcome }) => outcome !== "ACCEPTED").reverse();
  if (!refused.length) return null;
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

function Refused({ delivery }: { delivery: Delivery }) {
  const { at, outcome, peer, error, isAdoptable, isFailureReport, bodyPreview } = delivery;
  const previewBytes = bodyPreview === null ? 0 : new TextEncoder().encode(bodyPreview).length;
  return (
    <li>
      <p>
        <Time at={at} /> {plain(outcome)} · {bytes(delivery.bytes)}
        {isFailureReport && ", reports a failure"}
        {peer && ` from ${peer}`}
        {error && ` – ${error}`} {isAdoptable && <AdoptButton delivery={delivery} />}
      </p>
      {bodyPreview !== null && (
        <>
          <pre className="preview" tabIndex={0}>
            {bodyPreview}
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
