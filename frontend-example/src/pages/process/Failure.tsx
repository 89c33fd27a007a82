/** Why something failed: the reason at once, details and trace as soon as they are read. */
import { lazy, Suspense, type ReactNode } from "react";
import { run } from "../../api/client";
import { Problem } from "../../components/Problem";
import { Time } from "../../components/Time";
import type { WholeFailureFragment } from "../../gql/graphql";
import { PROCESS_FAILURE, STEP_FAILURE } from "../../operations/process";
import { readable } from "../../visible";
import { Fold } from "./Fold";
import { useLoaded } from "./loading";

const Result = lazy(() => import("../../components/output/Result"));
const TextOutput = lazy(() => import("../../components/output/TextOutput"));

type Whole = WholeFailureFragment | null;

interface Props {
  reason: { code: string; message: string };
  /** What failed: a step, or the process as a whole. */
  of: { step: string } | { process: string };
  /** Changes if it failed again. */
  version: string;
  /** The details are folded at first. */
  isFolded?: boolean;
  children?: ReactNode;
}

export function Failure({ reason, of, version, isFolded = false, children }: Props) {
  const id = "step" in of ? of.step : of.process;
  const { value, error, again } = useLoaded(() => ("step" in of ? ofStep(id) : ofProcess(id)), `${id} ${version}`);
  return (
    <div className="failure" role="group" aria-label="Failure">
      <p className="failure-head">
        <code>{reason.code}</code> {value && <Time at={value.occurredAt} />}
      </p>
      <p className="words">{readable(value?.message ?? reason.message)}</p>
      {error && <Problem error={error} title="The details were not read." onRetry={again} />}
      {/* The buttons come before what is read later: they must not move under the pointer. */}
      {children}
      {!error && <Details failure={value} name={id} isFolded={isFolded} />}
    </div>
  );
}

interface DetailsProps {
  failure: Whole;
  name: string;
  isFolded: boolean;
}

/** One line from the beginning, so that nothing below it moves when the details are read. */
function Details({ failure, name, isFolded }: DetailsProps) {
  const { details = null, traceback = null } = failure ?? {};
  return (
    <div className="failure-parts">
      {details === null && !traceback && <p className="fold-place">{failure ? "No details" : "Details"}</p>}
      {details !== null && (
        <Fold name="details" label="Details" startsOpen={!isFolded}>
          {() => (
            <Suspense fallback={null}>
              <Result value={details} fileName={`failure-${name}.json`} />
            </Suspense>
          )}
        </Fold>
      )}
      {traceback && (
        <Fold name="traceback" label="Trace">
          {() => (
            <Suspense fallback={null}>
              <TextOutput text={traceback} fileName={`trace-${name}.txt`} />
            </Suspense>
          )}
        </Fold>
      )}
    </div>
  );
}

async function ofStep(id: string): Promise<Whole> {
  const { node } = await run(STEP_FAILURE, { id });
  return node !== null && "failure" in node ? (node.failure ?? null) : null;
}

async function ofProcess(id: string): Promise<Whole> {
  return (await run(PROCESS_FAILURE, { id })).process?.failure ?? null;
}
