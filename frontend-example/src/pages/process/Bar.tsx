/** Durations drawn: a bar a step on the scale of the process, and one bar for all times together. */
import { useNow } from "../../components/Time";
import { duration } from "../../time";
import type { Step, StepState } from "./processModel";
import { BAR, barOf, TIME_KINDS, TIME_WORDS, timeKindOf, totalsOf, type Axis } from "./timescale";

const HEIGHT = 8;

/** The words beside it say the same, so it is hidden from screen readers. */
export function StepBar({ step, axis }: { step: Step; axis: Axis }) {
  return step.startedAt && !step.completedAt ? <TickingBar step={step} axis={axis} /> : <Bar step={step} axis={axis} now={axis.end} />;
}

function TickingBar({ step, axis }: { step: Step; axis: Axis }) {
  return <Bar step={step} axis={axis} now={useNow()} />;
}

function Bar({ step, axis, now }: { step: Step; axis: Axis; now: number }) {
  const bar = barOf(step, axis, now);
  return (
    <svg className="step-bar" viewBox={`0 0 ${BAR} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      {bar && <rect className={`time-${timeKindOf(step)}`} x={bar.x} width={bar.width} y={0} height={HEIGHT} />}
    </svg>
  );
}

/** How much of the time was worked, and how much was waited, for whom. */
export function TimeSummary({ steps }: { steps: readonly StepState[] }) {
  const totals = totalsOf(steps, useNow());
  const all = TIME_KINDS.reduce((sum, kind) => sum + totals[kind], 0);
  if (!all) return null;
  let x = 0;
  return (
    <div className="time-summary">
      <svg viewBox={`0 0 ${BAR} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        {TIME_KINDS.map((kind) => {
          const width = (totals[kind] / all) * BAR;
          x += width;
          return <rect key={kind} className={`time-${kind}`} x={x - width} width={width} y={0} height={HEIGHT} />;
        })}
      </svg>
      <ul>
        {TIME_KINDS.filter((kind) => totals[kind] > 0).map((kind) => (
          <li key={kind}>
            <svg viewBox="0 0 8 8" aria-hidden="true">
              <rect className={`time-${kind}`} width={8} height={8} />
            </svg>
            {duration(totals[kind] < 10 ? totals[kind] : Math.round(totals[kind]))} {TIME_WORDS[kind]}
          </li>
        ))}
      </ul>
    </div>
  );
}
