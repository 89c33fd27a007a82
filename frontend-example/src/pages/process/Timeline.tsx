/** All steps in order, those to come included. */
import { Fragment, memo, useEffect, useMemo, type CSSProperties } from "react";
import { useNow } from "../../components/Time";
import type { Head, StepState } from "./processModel";
import { scrollToStep } from "./scrollToStep";
import { Step } from "./Step";
import { axisOf, type Axis } from "./timescale";

export function Timeline({ head, steps }: { head: Head; steps: readonly StepState[] }) {
  const axis = useAxis(head, steps);
  useStepOfAddress(steps.length > 0);
  return <Steps steps={steps} axis={axis} />;
}

const Steps = memo(function Steps({ steps, axis }: { steps: readonly StepState[]; axis: Axis }) {
  return (
    <ol className="stages" aria-label="Steps" style={numberWidth(steps.length)}>
      {steps.map((state, at) => {
        const { group, index } = state.step;
        return (
          <Fragment key={index}>
            {group && group !== steps[at - 1]?.step.group && <li className="group-name">{group}</li>}
            <Step state={state} axis={axis} />
          </Fragment>
        );
      })}
    </ol>
  );
});

/** Names of steps stand below each other, however long the numbers before them are. */
const numberWidth = (count: number): CSSProperties => ({ "--number-width": `calc(${String(count).length}ch + 0.6em)` }) as CSSProperties;

/** The same object for a while, so that the steps are not drawn again every second. */
function useAxis(head: Head, steps: readonly StepState[]): Axis {
  const now = useNow();
  const { start, end } = axisOf(head, steps, now);
  return useMemo(() => ({ start, end }), [start, end]);
}

/** Scroll to the step that the address names, and put the focus on it. */
function useStepOfAddress(isDrawn: boolean): void {
  useEffect(() => {
    if (!isDrawn) return undefined;
    let end = (): void => undefined;
    const go = (): void => {
      end();
      const step = /^#step-\d+$/.test(location.hash) ? document.getElementById(location.hash.slice(1)) : null;
      if (!step) return;
      end = scrollToStep(step);
      document.getElementById(`${step.id}-title`)?.focus({ preventScroll: true });
    };
    go();
    window.addEventListener("hashchange", go);
    return () => {
      end();
      window.removeEventListener("hashchange", go);
    };
  }, [isDrawn]);
}
