/** What a step changed in the state, as a difference. A large change is read only if somebody asks for it. */
import { lazy, Suspense, useState } from "react";
import { run } from "../../api/client";
import { Problem } from "../../components/Problem";
import { STEP_STATE, STEP_STATE_SIZE } from "../../operations/process";
import { useLoaded } from "./loading";
import { bytes } from "./words";

const Diff = lazy(() => import("../../components/output/Diff"));

/** More bytes are not read without a click. */
const LARGE = 200_000;

export function StateChange({ id, version }: { id: string; version: string }) {
  const [isWanted, setWanted] = useState(false);
  const { value, error, again } = useLoaded(() => run(STEP_STATE_SIZE, { id }), `${id} ${version}`);
  const node = value?.node;
  if (error) return <Problem error={error} title="The change was not read." onRetry={again} />;
  if (!node || !("stateDeltaBytes" in node)) return <p className="muted">Reading…</p>;
  const size = node.stateDeltaBytes ?? 0;
  if (size <= 2) return <p className="muted">This step changed nothing.</p>;
  if (size <= LARGE || isWanted) return <Change id={id} version={version} />;
  return (
    <button type="button" onClick={() => setWanted(true)}>
      Show the change of {bytes(size)}
    </button>
  );
}

function Change({ id, version }: { id: string; version: string }) {
  const { value, error, again } = useLoaded(() => run(STEP_STATE, { id }), `${id} ${version}`);
  const node = value?.node;
  if (error) return <Problem error={error} title="The change was not read." onRetry={again} />;
  if (!node || !("stateDelta" in node)) return <p className="muted">Reading…</p>;
  return (
    <Suspense fallback={<p className="muted">Reading…</p>}>
      <Diff before={node.stateBefore ?? {}} after={node.stateDelta ?? {}} />
    </Suspense>
  );
}
