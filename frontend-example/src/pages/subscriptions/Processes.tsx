/** The processes that work or worked on the product subscription, the newest first. */
import { useRef, useState } from "react";
import { Link } from "wouter";
import { useLive } from "../../api/useLive";
import { useRefreshAfter } from "../../api/useRefreshAfter";
import { addresses } from "../../app/addresses";
import { Badge } from "../../components/Badge";
import { Problem } from "../../components/Problem";
import { Time } from "../../components/Time";
import { PROCESSES_OF } from "../../operations/products";
import { workflowOf } from "../../words";
import { isAbout } from "./detail";

const STEP = 10;
/** The server returns at most so many at once. */
const MOST = 200;

export function Processes({ id }: { id: string }) {
  const [first, setFirst] = useState(STEP);
  const known = useRef<ReadonlySet<string>>(new Set());
  const { data, error, refresh } = useLive(
    PROCESSES_OF,
    { id, first },
    { concerns: (event) => isAbout(id, event) || known.current.has(event.processId ?? "") },
  );
  // A validation takes no lock, so only the start of a process says that there may be one more.
  useRefreshAfter(({ __typename }) => __typename === "ProcessCreatedEvent", refresh);
  const { nodes = [], pageInfo } = data?.productSubscription?.processes ?? {};
  known.current = new Set(nodes.map((process) => process.id));
  return (
    <section aria-labelledby="processes-of-title">
      <h2 id="processes-of-title">Processes</h2>
      {error && !data && <Problem error={error} title="The processes were not read." onRetry={refresh} />}
      {data && !nodes.length && <p className="muted">None.</p>}
      <ul className="related">
        {nodes.map((process) => (
          <li key={process.id}>
            <Link href={addresses.process(process.id)}>{process.subject}</Link>
            <Badge status={process.status} />
            <span className="muted">
              <bdi>{workflowOf(process)}</bdi> · <Time at={process.startedAt} isRelative />
            </span>
            {process.failureReason && <p className="help error">{process.failureReason.message}</p>}
          </li>
        ))}
      </ul>
      {pageInfo?.hasNextPage && first < MOST && (
        <button type="button" className="quiet" onClick={() => setFirst(Math.min(first * 3, MOST))}>
          Show more
        </button>
      )}
    </section>
  );
}
