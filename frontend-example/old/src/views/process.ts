/** One process: what it is, how it stands, and all its steps, the ones to come included. */
import { announce, h, reconcile, type Block } from "../dom";
import type { Process, Step } from "../model";
import { badge, wordOf } from "../status";
import type { Store } from "../store";
import { duration, moment, ticking } from "../time";
import { actionButtons, type Action } from "./actions";
import { Attention } from "./attention";
import { failureView, stepBlock } from "./step";

export interface ProcessView {
  element: HTMLElement;
  update: () => void;
  /** Somebody comes to it anew. */
  enter: () => void;
}

export function processView(store: Store): ProcessView {
  const head = h("header", { class: "process-head" });
  const steps = h("ol", { class: "timeline" });
  const element = h(
    "section",
    { class: "panel process", "aria-label": "Process" },
    h("a", { class: "back", href: "#/" }, "← All processes"),
    head,
    steps,
  );
  const attention = new Attention(element);
  let said = "";

  function update(): void {
    const { process } = store;
    if (!process || process.id !== store.selected) {
      const text = store.missing ? "There is no such process, or you may not see it." : "Loading…";
      reconcile(head, [{ key: "none", signature: text, draw: () => h("p", { class: "muted" }, text) }]);
      return reconcile(steps, []);
    }
    const settled = () => store.touch([process.id]);
    reconcile(head, headBlocks(process, settled));
    reconcile(
      steps,
      process.steps.flatMap((step, index) => [
        ...groupBlock(step, process.steps[index - 1]),
        stepBlock(step, process, settled),
      ]),
    );
    attention.update(process);
    const now = `${process.id} ${process.status}`;
    if (said.startsWith(process.id) && said !== now) announce(`${process.workflowName}: ${wordOf(process.status)}`);
    said = now;
  }
  return { element, update, enter: () => attention.enter() };
}

function headBlocks(process: Process, settled: () => void): Block[] {
  const { id, version, failure, steps } = process;
  const found: Block[] = [
    {
      key: "title",
      signature: `${id} ${version} ${process.availableActions.join()}`,
      draw: () => title(process, settled),
    },
  ];
  // A failure of no step at all: the definition changed, say.
  if (failure && !steps.some((step) => step.failure))
    found.push({ key: "failure", signature: JSON.stringify(failure), draw: () => failureView(failure, []) });
  return found;
}

function title(process: Process, settled: () => void): HTMLElement {
  const { id, workflowName, subject, status, startedAt, endedAt, durationSeconds, createdBy, note } = process;
  // A failed step has its own Retry, beside the reason.
  const wanted: Action[] = process.steps.some((step) => step.failure) ? ["ABORT"] : ["RETRY", "ABORT"];
  const done = process.steps.filter((step) => step.status === "SUCCESS" || step.status === "SKIPPED").length;
  return h(
    "div",
    {},
    h(
      "div",
      { class: "process-title" },
      h("h2", { tabindex: -1 }, workflowName),
      badge(status),
      h("div", { class: "actions" }, actionButtons(process, wanted, settled)),
    ),
    h("p", { class: "words subject" }, subject),
    h(
      "p",
      { class: "facts muted" },
      h("span", {}, "started ", moment(startedAt), createdBy && ` by ${createdBy.name}`),
      h(
        "span",
        {},
        endedAt
          ? ["took ", durationSeconds === null ? "" : duration(durationSeconds)]
          : ["open for ", ticking("since", startedAt)],
      ),
      h("span", {}, `${done} of ${process.steps.length} steps`),
      // Whole: the command line takes nothing less, and its beginning is the time, alike for all of one day.
      h("code", { class: "id", title: "The id of the process" }, id),
    ),
    note && h("p", { class: "words" }, note),
  );
}

/** The name of a group, once, above its first step. */
function groupBlock(step: Step, before: Step | undefined): Block[] {
  if (!step.group || step.group === before?.group) return [];
  const name = step.group;
  return [{ key: `group-${step.index}`, signature: name, draw: () => h("li", { class: "group-name" }, name) }];
}
