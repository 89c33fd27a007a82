/** What concerns every page: a paused engine. */
import { lazy, Suspense, useState } from "react";
import { ApiError, run } from "../api/client";
import { useLive } from "../api/useLive";
import { announce } from "../components/Announcer";
import { Time } from "../components/Time";
import { ENGINE, RESUME_ENGINE } from "../operations/frame";
import { useViewer } from "./viewer";

const Confirm = lazy(() => import("../components/Confirm"));

async function resume(): Promise<void> {
  const { setEngineState: result } = await run(RESUME_ENGINE, {}, "mutation");
  if (result.__typename !== "SetEngineStateSuccess") throw new ApiError(result.message);
  announce("The engine runs again.");
}

export function Banners() {
  const { data } = useLive(ENGINE, {}, { concerns: ({ __typename }) => __typename === "EngineStateChangedEvent" });
  const mayResume = useViewer().permissions.includes("MANAGE_ENGINE");
  const [isAsking, setAsking] = useState(false);
  const engine = data?.stats?.engine;
  if (!engine || engine.state === "RUNNING") return null;
  return (
    <div className="banner">
      <p role="status">
        Engine paused{engine.changedBy && ` by ${engine.changedBy.name}`}
        {engine.reason && `: ${engine.reason}`}. {engine.state === "PAUSING" && "Steps that run still finish. "}
        Callbacks and forms are kept.
      </p>
      <p className="banner-end">
        {engine.changedAt && (
          <span>
            since <Time at={engine.changedAt} />
          </span>
        )}
        {mayResume && (
          <button type="button" onClick={() => setAsking(true)}>
            Resume…
          </button>
        )}
      </p>
      {isAsking && (
        <Suspense fallback={null}>
          <Confirm
            title="Resume the engine?"
            text="All processes that wait for the engine go on at once."
            action="Resume"
            onClose={() => setAsking(false)}
            onConfirm={resume}
          />
        </Suspense>
      )}
    </div>
  );
}
