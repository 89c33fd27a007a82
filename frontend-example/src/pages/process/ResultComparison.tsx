/** What differs between the result of a callback and an earlier one: of the dry run, or of the run before. */
import { lazy, Suspense, useState } from "react";
import { run } from "../../api/client";
import { Problem } from "../../components/Problem";
import type { EarlierResultsQuery } from "../../gql/graphql";
import { EARLIER_RESULTS, RESULT_DIFFERENCES } from "../../operations/process";
import { zone } from "../../preferences";
import { serverNow } from "../../api/serverClock";
import { moment } from "../../time";
import { useLoaded } from "./loading";

const Changes = lazy(() => import("../../components/output/Changes"));

type Found = Extract<NonNullable<EarlierResultsQuery["node"]>, { earlierResults: unknown }>["earlierResults"][number];

export function ResultComparison({ id, processId, version }: { id: string; processId: string; version: string }) {
  const { value, error, again } = useLoaded(() => run(EARLIER_RESULTS, { id }), `${id} ${version}`);
  const [chosen, setChosen] = useState<string | null>(null);
  if (error) return <Problem error={error} title="The earlier results were not read." onRetry={again} />;
  if (!value) return <p className="muted">Reading…</p>;
  const found = value.node && "earlierResults" in value.node ? value.node.earlierResults : [];
  const [first] = found;
  if (!first) return <p className="muted">There is no earlier result of this step.</p>;
  const other = found.find((each) => each.id === chosen) ?? first;
  return (
    <div className="comparison">
      <label className="field">
        Compare with
        <select value={other.id} onChange={(event) => setChosen(event.currentTarget.value)}>
          {found.map((each) => (
            <option key={each.id} value={each.id}>
              {called(each, processId)}
            </option>
          ))}
        </select>
      </label>
      <Differences id={id} other={other.id} version={version} />
    </div>
  );
}

/** The step, if it is of this process; else when the other process got it. */
function called({ step, process, receivedAt, issuedAt }: Found, processId: string): string {
  const at = moment(receivedAt ?? issuedAt, zone.get(), serverNow());
  return process.id === processId ? `${step.name}, ${at}` : `${process.subject}, ${at}`;
}

function Differences({ id, other, version }: { id: string; other: string; version: string }) {
  const { value, error, again } = useLoaded(() => run(RESULT_DIFFERENCES, { id, other }), `${id} ${other} ${version}`);
  if (error) return <Problem error={error} title="The results were not compared." onRetry={again} />;
  if (!value) return <p className="muted">Comparing…</p>;
  const changes = value.node && "diffAgainst" in value.node ? value.node.diffAgainst : null;
  if (changes === null) return <p className="muted">A result is larger than 64 KiB, or is removed.</p>;
  return (
    <Suspense fallback={null}>
      <Changes changes={changes} />
    </Suspense>
  );
}
