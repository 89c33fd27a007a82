/** Whether the engine works, what waits for it, and the switch. */
import { lazy, Suspense, useState } from "react";
import { ApiError, run } from "../../api/client";
import { Icon } from "../../components/Badge";
import { Fact } from "../../components/Fact";
import { Time } from "../../components/Time";
import { lacksWorkers } from "../../engine";
import type { HomeQuery } from "../../gql/graphql";
import { SET_ENGINE_STATE } from "../../operations/home";
import { ICONS } from "../../status";
import { duration } from "../../time";

const Confirm = lazy(() => import("../../components/Confirm"));

export type Engine = NonNullable<HomeQuery["engine"]>;

const LOOKS = {
  RUNNING: { word: "Running", tone: "good", icon: ICONS.play },
  PAUSING: { word: "Pausing", tone: "person", icon: ICONS.clock },
  PAUSED: { word: "Paused", tone: "person", icon: ICONS.stop },
} as const;
const NO_WORKER = { word: "No worker", tone: "bad", icon: ICONS.cross } as const;

interface Props {
  engine: Engine;
  mayManage: boolean;
  onChanged: () => void;
}

export function EngineCard({ engine, mayManage, onChanged }: Props) {
  const [isAsking, setAsking] = useState(false);
  const { word, tone, icon } = lacksWorkers(engine) ? NO_WORKER : LOOKS[engine.state];
  const isRunning = engine.state === "RUNNING";
  return (
    <section className="home-card" aria-labelledby="engine-title">
      <div className="card-line">
        <h2 id="engine-title">Engine</h2>
        <span className={`badge tone-${tone}`}>
          <Icon path={icon} />
          {word}
        </span>
        {mayManage && (
          <button type="button" className={isRunning ? "" : "primary"} onClick={() => setAsking(true)}>
            {isRunning ? "Pause…" : "Resume…"}
          </button>
        )}
      </div>
      <LastChange engine={engine} />
      <EngineFacts engine={engine} />
      {!mayManage && <p className="help">You may not pause or resume the engine: that needs the permission MANAGE_ENGINE.</p>}
      {isAsking && (
        <Suspense fallback={null}>
          <Confirm
            title={isRunning ? "Pause the engine?" : "Resume the engine?"}
            text={
              isRunning
                ? "No process starts a new step. Steps that run still finish; callbacks and forms are kept."
                : "All processes that wait for the engine go on."
            }
            action={isRunning ? "Pause the engine" : "Resume the engine"}
            isDangerous={isRunning}
            reason={{ label: "Reason, which everybody can read", isOptional: true, longest: 1_000 }}
            onClose={() => setAsking(false)}
            onConfirm={async (reason) => {
              await setState(isRunning, reason);
              onChanged();
            }}
          />
        </Suspense>
      )}
    </section>
  );
}

async function setState(paused: boolean, reason: string): Promise<void> {
  const { setEngineState: answer } = await run(SET_ENGINE_STATE, { input: { paused, reason: reason || null } }, "mutation");
  if ("message" in answer) throw new ApiError(answer.message);
}

function LastChange({ engine: { state, changedAt, changedBy, reason } }: { engine: Engine }) {
  if (!changedAt) return null;
  return (
    <p className="words">
      {state === "RUNNING" ? "Resumed" : "Paused"} {changedBy && `by ${changedBy.name} `}
      <Time at={changedAt} isRelative />
      {reason && `: ${reason}`}
    </p>
  );
}

function EngineFacts({ engine: { runningSteps, queuedProcesses, lagSeconds, workers, version } }: { engine: Engine }) {
  const facts: readonly (readonly [string, string])[] = [
    ["Steps that run", runningSteps.toLocaleString()],
    ["Processes that wait for a worker", queuedProcesses.toLocaleString()],
    ["The first of them waits for", duration(lagSeconds)],
    ["Workers", workers.length.toLocaleString()],
    ["Release", version],
  ];
  return (
    <dl className="engine-facts">
      {facts.map(([name, value]) => (
        <Fact key={name} name={name}>
          {value}
        </Fact>
      ))}
    </dl>
  );
}
