/** The executions of a step before the present one, with what came of each. */
import { run } from "../../api/client";
import { Badge } from "../../components/Badge";
import { Problem } from "../../components/Problem";
import { Time } from "../../components/Time";
import { STEP_EXECUTIONS } from "../../operations/process";
import { duration } from "../../time";
import { readable } from "../../visible";
import { useLoaded } from "./loading";
import { enteredWords, withTries } from "./words";

export function Executions({ id, version }: { id: string; version: string }) {
  const { value, error, again } = useLoaded(() => run(STEP_EXECUTIONS, { id }), `${id} ${version}`);
  const node = value?.node;
  if (error) return <Problem error={error} title="The executions were not read." onRetry={again} />;
  if (!node || !("executions" in node)) return <p className="muted">Reading…</p>;
  const { executions, executionCount } = node;
  return (
    <>
      {executionCount > executions.length && (
        <p className="muted">
          The newest {executions.length} of {executionCount} executions.
        </p>
      )}
      <ol className="executions">
        {withTries(executions).toReversed().map(({ execution, tries }) => (
          <li key={execution.number}>
            <span>
              <b>{execution.number}.</b> {enteredWords(execution.enteredBy)}
            </span>
            <Badge status={execution.status} />
            <Time at={execution.startedAt} />
            <span className="muted">{duration(execution.durationSeconds)}</span>
            {tries > 1 && <span className="muted">{tries} tries</span>}
            {execution.completedBy && <span className="muted">by {execution.completedBy.name}</span>}
            {execution.failure && (
              <p className="words">
                <code>{execution.failure.code}</code> {readable(execution.failure.message)}
              </p>
            )}
          </li>
        ))}
      </ol>
    </>
  );
}
