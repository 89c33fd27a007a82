/** Who is asked, since when and until when, and who has claimed it. */
import { Deadline, Time } from "../../components/Time";
import { approvalsWords, isViewer, openWords, type Request, type Viewer } from "./facts";

export function RequestHead({ request, viewer }: { request: Request; viewer: Viewer }) {
  const { assignee, claimedBy, claimedAt, createdAt, dueAt, escalatedAt, remindedAt } = request;
  const approvals = approvalsWords(request);
  const openToAll = openWords(request);
  return (
    <p className="request-head">
      <strong>For {assignee.name}</strong>
      {openToAll && <span className="open-to-all">{openToAll}</span>}
      <span className="muted">
        asked <Time at={createdAt} isRelative />
      </span>
      {escalatedAt && (
        <span className="muted">
          escalated <Time at={escalatedAt} isRelative />
        </span>
      )}
      {remindedAt && (
        <span className="muted">
          reminded <Time at={remindedAt} isRelative />
        </span>
      )}
      {dueAt && <Deadline at={dueAt} />}
      {claimedBy && (
        <span>
          claimed by {isViewer(viewer, claimedBy) ? "you" : claimedBy.name}
          {claimedAt && (
            <>
              {" "}
              at <Time at={claimedAt} />
            </>
          )}
        </span>
      )}
      {approvals && <span>{approvals}</span>}
    </p>
  );
}
