/** How many processes ended, and how long they took: as a chart, and as a table behind it. */
import { lazy, Suspense, useRef, useState } from "react";
import { Time } from "../../components/Time";
import { useSeen } from "../../components/useSeen";
import { duration } from "../../time";
import { bucketWords, summaryOf, type Bucket } from "./chartData";
import { PERIODS, type PeriodName } from "./period";

const ThroughputChart = lazy(() => import("./ThroughputChart"));

interface Props {
  buckets: readonly Bucket[];
  period: PeriodName;
  onPeriod: (period: PeriodName) => void;
}

export function Throughput({ buckets, period, onPeriod }: Props) {
  const [point, setPoint] = useState<number | null>(null);
  const place = useRef<HTMLElement>(null);
  // The library of the chart is a sixth of the first view.
  const isSeen = useSeen(place);
  const summary = summaryOf(buckets, PERIODS[period].words);
  const pointed = point === null ? undefined : buckets[point];
  return (
    <section ref={place} className="home-card" aria-labelledby="throughput-title">
      <div className="card-line">
        <h2 id="throughput-title">Throughput</h2>
        <div className="chips" role="group" aria-label="Period">
          {(Object.keys(PERIODS) as PeriodName[]).map((name) => (
            <button key={name} type="button" className="chip" aria-pressed={name === period} onClick={() => onPeriod(name)}>
              {PERIODS[name].name}
            </button>
          ))}
        </div>
      </div>
      <p className="legend" aria-hidden="true">
        <span className="key good-key">completed</span>
        <span className="key bad-key">failed</span>
        <span className="key line-key">95 % took at most (right axis)</span>
      </p>
      {isSeen ? (
        <Suspense fallback={<div className="chart-place muted">Loading…</div>}>
          <ThroughputChart buckets={buckets} label={summary} onPoint={setPoint} />
        </Suspense>
      ) : (
        <div className="chart-place" />
      )}
      <p className="muted pointed">
        {pointed ? (
          <>
            <Time at={pointed.start} /> – <Time at={pointed.end} />: {bucketWords(pointed)}
          </>
        ) : (
          summary
        )}
      </p>
      <details>
        <summary>Show as a table</summary>
        <ThroughputTable buckets={buckets} />
      </details>
    </section>
  );
}

function ThroughputTable({ buckets }: { buckets: readonly Bucket[] }) {
  const seconds = (value: number | null): string => (value === null ? "" : duration(value));
  return (
    <div className="table-place" tabIndex={0} role="group" aria-label="Throughput as a table">
      <table className="plain-table">
        <thead>
          <tr>
            {["From", "Started", "Completed", "Failed", "Aborted", "Half took at most", "95 % took at most"].map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {buckets.map((bucket) => (
            <tr key={bucket.start}>
              <th scope="row">
                <Time at={bucket.start} />
              </th>
              <td>{bucket.started}</td>
              <td>{bucket.completed}</td>
              <td>{bucket.failed}</td>
              <td>{bucket.aborted}</td>
              <td>{seconds(bucket.durationSecondsP50)}</td>
              <td>{seconds(bucket.durationSecondsP95)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
