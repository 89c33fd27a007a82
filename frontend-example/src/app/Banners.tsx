/** What concerns every page: a paused engine. */
import { useLive } from "../api/useLive";
import { STATS } from "../operations/processes";

export function Banners() {
  const { data } = useLive(STATS, {}, { concerns: ({ __typename }) => __typename === "EngineStateChangedEvent" });
  const engine = data?.stats?.engine;
  if (!engine || engine.state === "RUNNING") return null;
  const by = engine.changedBy ? ` by ${engine.changedBy.name}` : "";
  const reason = engine.reason ? `: ${engine.reason}` : "";
  return (
    <p className="banner" role="status">
      Engine paused{by}
      {reason}. {engine.state === "PAUSING" && "Steps that run still finish. "}Callbacks and forms are kept.
    </p>
  );
}
