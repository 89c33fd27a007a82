/** Why the network may not be as the model says, by which process, and how to mend it. */
import { lazy, Suspense, useState } from "react";
import { Link } from "wouter";
import { demandAccepted } from "../../api/accepted";
import { run } from "../../api/client";
import { addresses } from "../../app/addresses";
import { useViewer } from "../../app/viewer";
import { Badge } from "../../components/Badge";
import { SET_IN_SYNC } from "../../operations/products";
import type { Detail } from "./detail";

const Confirm = lazy(() => import("../../components/Confirm"));

export function SyncState({ subscription }: { subscription: Detail }) {
  const { lockedBy, outOfSyncBy, outOfSyncReason } = subscription;
  return (
    <div className={`sync-state tone-${lockedBy ? "busy" : "bad"}`} role="status">
      {lockedBy && (
        <p>
          <Badge status="LOCKED" /> The process <Link href={addresses.process(lockedBy.id)}>{lockedBy.subject}</Link> holds it:{" "}
          <Badge status={lockedBy.status} />
        </p>
      )}
      {(outOfSyncReason || !lockedBy) && (
        <p className="words">
          <Badge status="OUT_OF_SYNC" /> {outOfSyncReason ?? "The network may differ from the model."}
          {outOfSyncBy && (
            <>
              {" "}
              Left so by <Link href={addresses.process(outOfSyncBy.id)}>{outOfSyncBy.subject}</Link>.
            </>
          )}
        </p>
      )}
      {!lockedBy && <Mend id={subscription.id} name={subscription.description} />}
    </div>
  );
}

/** Put it in sync by hand; the workflows that mend it stand among those that may be started. */
function Mend({ id, name }: { id: string; name: string }) {
  const { permissions } = useViewer();
  const [isAsking, setAsking] = useState(false);
  if (!permissions.includes("SET_IN_SYNC")) {
    return <p className="help">Validate or reconcile it. To put it in sync by hand needs the permission SET_IN_SYNC.</p>;
  }
  return (
    <p className="actions">
      <button type="button" onClick={() => setAsking(true)}>
        Put in sync…
      </button>
      <span className="help">or validate or reconcile it.</span>
      {isAsking && (
        <Suspense fallback={null}>
          <Confirm
            title="Put in sync by hand"
            text={`You state that the network is as the model of ${name} says. The audit log keeps who said so, and why.`}
            action="Put in sync"
            reason={{ label: "How do you know?" }}
            onClose={() => setAsking(false)}
            onConfirm={async (reason) => {
              const input = { productSubscriptionId: id, reason };
              demandAccepted((await run(SET_IN_SYNC, { input }, "mutation")).setInSync);
            }}
          />
        </Suspense>
      )}
    </p>
  );
}
