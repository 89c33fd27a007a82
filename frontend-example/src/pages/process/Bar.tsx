/** Durations drawn: a bar a step on the scale of the process, and one bar for all times together. */
import { useNow } from "../../components/Time";
import { duration } from "../../time";
import type { StepState } from "./processModel";
import { askedIn, BAR, barOf, TIME_KINDS, TIME_WORDS, timeKindOf, totalsOf, type Axis } from "./timescale";

const HEIGHT = 8;

/** The words beside it say the same, so it is hidden from screen readers. */
export function StepBar({ state, axis }: { state: StepState; axis: Axis }) {
  const { startedAt, completedAt } = state.step;
  return startedAt && !completedAt ? <TickingBar state={state} axis={axis} /> : <Bar state={state} axis={axis} now={axis.end} />;
}

function TickingBar({ state, axis }: { state: StepState; axis: Axis }) {
  return <Bar state={state} axis={axis} now={useNow()} />;
}

function Bar({ state, axis, now }: { state: StepState; axis: Axis; now: number }) {
  return (
    <svg className="step-bar" viewBox={`0 0 ${BAR} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      {[state.step, ...askedIn(state)].map((timed, index) => {
        const bar = barOf(timed, axis, now);
        return bar && <rect key={index} className={`time-${timeKindOf(timed)}`} x={bar.x} width={bar.width} y={0} height={HEIGHT} />;
      })}
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
