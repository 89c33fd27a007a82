/** One input request: the form, who may decide, and the decisions so far. */
import { useCallback, useRef, useState } from "react";
import { useLive } from "../api/useLive";
import type { StreamEvent } from "../api/stream";
import { Problem } from "../components/Problem";
import { INPUT_REQUEST } from "../operations/inputRequests";
import { Decisions, Submitted } from "./request/Decisions";
import { Duties } from "./request/Duties";
import { isOpen, type Request, type Viewer } from "./request/facts";
import { KeptTexts } from "./request/Kept";
import { placeOf, useKept } from "./request/kept";
import { OpenRequest } from "./request/OpenRequest";
import { RequestHead } from "./request/RequestHead";
import { SentBack } from "./request/SentBack";
import "../styles/request.css";

export default function InputRequest({ id }: { id: string }) {
  const processId = useRef<string | null>(null);
  const { data, error, refresh } = useLive(INPUT_REQUEST, { id }, { concerns: concerns(processId), version: versionOf });
  const viewer = data?.viewer;
  const request = data?.node?.__typename === "InputRequest" ? data.node : null;
  processId.current = request?.process.id ?? null;
  const person = viewer?.user?.id ?? "";
  if (request && viewer) return <Known key={`${id} ${person}`} newest={request} viewer={viewer} onSettled={refresh} />;
  if (error) return <Problem error={error} title="The form was not read." onRetry={refresh} />;
  return <p className="muted">{data ? "This form does not exist, or you may not see it." : "Reading…"}</p>;
}

/** Input requests change with their own events, and are withdrawn when their process ends. */
const concerns =
  (processId: { current: string | null }) =>
  (event: StreamEvent): boolean =>
    (event.__typename.startsWith("Input") || event.__typename === "ProcessStatusChangedEvent") &&
    (processId.current === null || event.processId === processId.current);

const versionOf = ({ node }: { node: { __typename: string } | { __typename: "InputRequest"; version: number } | null }): number =>
  node && "version" in node ? node.version : 0;

interface KnownProps {
  newest: Request;
  viewer: Viewer;
  onSettled: () => void;
}

function Known({ newest, viewer, onSettled }: KnownProps) {
  const [isBusy, setBusy] = useState(false);
  const [hasLost, setLost] = useState(false);
  // Perhaps the answer to the person's own decision: the form stands until that is known.
  const held = useRef(newest);
  if (!isBusy) held.current = newest;
  const request = held.current;
  const { draft, forget } = useKept(request, viewer.user?.id ?? "");
  const latest = useRef(newest);
  latest.current = newest;
  const newestVersion = useCallback(() => latest.current.version, []);
  const kept = (draft || (hasLost && !isOpen(request))) && (
    <KeptTexts
      request={request}
      draft={draft}
      onForget={() => {
        forget();
        setLost(false);
      }}
    />
  );
  if (!isOpen(request))
    return (
      <div className="request is-closed">
        <Decisions request={request} />
        <Submitted request={request} />
        {kept}
      </div>
    );
  return (
    <div className="request is-open">
      <RequestHead request={request} viewer={viewer} />
      <SentBack request={request} />
      <Decisions request={request} />
      {!request.canSubmit && <p className="words">{request.blockedReason ?? "You may not answer this."}</p>}
      {kept}
      <OpenRequest
        key={placeOf(request)}
        request={request}
        viewer={viewer}
        newestVersion={newestVersion}
        onBusy={setBusy}
        onSettled={onSettled}
        onLost={() => setLost(true)}
      />
      <Duties request={newest} viewer={viewer} onSettled={onSettled} />
    </div>
  );
}
