/** Whether the network is as the product subscription says and, if it may not be, why. */
import { Link } from "wouter";
import { addresses } from "../../app/addresses";
import { Badge } from "../../components/Badge";
import type { ProcessStatus } from "../../gql/graphql";

interface Facts {
  inSync: boolean;
  outOfSyncReason?: string | null;
  lockedBy?: { id: string; subject: string; status: ProcessStatus } | null;
}

export function SyncMark({ subscription }: { subscription: Facts }) {
  const { inSync, lockedBy, outOfSyncReason } = subscription;
  if (inSync) return <Badge status="IN_SYNC" />;
  if (lockedBy) {
    return (
      <>
        <Badge status="LOCKED" />
        <span className="second">
          <Link href={addresses.process(lockedBy.id)}>{lockedBy.subject}</Link> {lockedBy.status === "FAILED" ? "failed and keeps it locked" : "works on it"}
        </span>
      </>
    );
  }
  return (
    <>
      <Badge status="OUT_OF_SYNC" />
      {outOfSyncReason && <span className="second error">{outOfSyncReason}</span>}
    </>
  );
}
