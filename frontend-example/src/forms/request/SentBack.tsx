/** Why the step asks again: the comment with which somebody sent it back. */
import { useReading } from "../../api/useReading";
import { run } from "../../api/client";
import { EARLIER_DECISIONS } from "../../operations/inputRequests";
import { DecisionLine } from "./Decisions";
import { askedBefore, sentBack, type Request } from "./facts";

export function SentBack({ request }: { request: Request }) {
  const since = askedBefore(request);
  return since === null ? null : <Reason request={request} since={since} />;
}

function Reason({ request, since }: { request: Request; since: string }) {
  const processId = request.process.id;
  const { data } = useReading(() => run(EARLIER_DECISIONS, { processId }), request.id);
  const found = data?.process ? sentBack(data.process.steps, since, request.createdAt) : null;
  if (!found) return null;
  return (
    <p className="callout">
      <DecisionLine {...found} />
    </p>
  );
}
