/** What concerns every page: an engine that is paused, or that has no worker. */
import { lazy, Suspense, useState } from "react";
import { ApiError, run } from "../api/client";
import { useEvery } from "../api/useEvery";
import { useLive } from "../api/useLive";
import { announce } from "../components/Announcer";
import { Time } from "../components/Time";
import { lacksWorkers } from "../engine";
import type { EngineStateQuery } from "../gql/graphql";
import { ENGINE, RESUME_ENGINE } from "../operations/frame";
import { useViewer } from "./viewer";

/** A worker that dies sends no event. */
const LOOK_EVERY = 15_000;

type Engine = NonNullable<EngineStateQuery["stats"]>["engine"];

const Confirm = lazy(() => import("../components/Confirm"));

async function resume(): Promise<void> {
  const { setEngineState: result } = await run(RESUME_ENGINE, {}, "mutation");
  if (result.__typename !== "SetEngineStateSuccess") throw new ApiError(result.message);
  announce("The engine runs again.");
}

export function Banners() {
  const { data, refresh } = useLive(ENGINE, {}, { concerns: ({ __typename }) => __typename === "EngineStateChangedEvent" });
  useEvery(LOOK_EVERY, refresh);
  const engine = data?.stats?.engine;
  if (!engine) return null;
  if (lacksWorkers(engine)) return <NoWorker waiting={engine.queuedProcesses} />;
  return engine.state === "RUNNING" ? null : <Pause engine={engine} />;
}

function NoWorker({ waiting }: { waiting: number }) {
  return (
    <div className="banner bad">
      <p role="status">
        No worker is running: {waiting === 1 ? "1 process waits" : `${waiting.toLocaleString()} processes wait`}, and no step starts until
        somebody starts a worker (<code>orchestrator-gql worker</code>). Callbacks and forms are kept.
      </p>
    </div>
  );
}

function Pause({ engine }: { engine: Engine }) {
  const mayResume = useViewer().permissions.includes("MANAGE_ENGINE");
  const [isAsking, setAsking] = useState(false);
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
