/** One step of the timeline: what it did, what it waits for, what it asks, how it failed. */
import { disclosure, h, reconcile, type Block, type Child } from "../dom";
import type { Failure, Process, Step } from "../model";
import { valueView } from "../result";
import { badge, icon, toneOf } from "../status";
import { duration, moment, ticking } from "../time";
import { callbackBlock } from "./callback";
import { actionButtons } from "./actions";
import { inputRequestBlock } from "./input_request";

const WAITS = new Set(["AWAIT_CALLBACK", "INPUT"]);

/** The block of a step; its inner blocks are kept or redrawn one by one, so an open form never loses a letter. */
export function stepBlock(step: Step, process: Process, settled: () => void): Block {
  return {
    key: step.id,
    signature: "",
    draw: () => h("li", { class: "step" }, h("span", { class: "marker" }), h("div", { class: "step-body" })),
    update: (element) => {
      const isAsked = step.inputRequests.some(({ status }) => status === "OPEN");
      const open = isAsked || step.status === "FAILED" || step.status === "AWAITING_CALLBACK";
      element.className = `step ${toneOf(step.status)}${step.status === "PENDING" ? " future" : ""}${open ? " now" : ""}`;
      if (element.dataset["status"] !== step.status) element.firstElementChild?.replaceChildren(icon(step.status));
      element.dataset["status"] = step.status;
      reconcile(element.lastElementChild!, blocks(step, process, settled));
    },
  };
}

function blocks(step: Step, process: Process, settled: () => void): Block[] {
  const { failure, stateDelta, inputRequests } = step;
  const found = [
    simple("head", [step.status, step.attempt, step.startedAt, step.completedAt, step.retryAt, step.completedBy], () =>
      head(step),
    ),
  ];
  if (failure)
    found.push(
      simple("failure", [failure, process.availableActions, process.version], () =>
        failureView(failure, actionButtons(process, ["RETRY"], settled)),
      ),
    );
  const latest = new Map(step.callbacks.map((callback) => [callback.name, callback.id]));
  const isHere = process.availableActions.includes("COMPLETE_CALLBACK") && step === lastWait(process);
  for (const callback of step.callbacks)
    found.push(callbackBlock(callback, process, isHere && latest.get(callback.name) === callback.id, settled));
  for (const asked of inputRequests) found.push(inputRequestBlock(asked, process, settled));
  if (typeof stateDelta === "object" && stateDelta !== null && Object.keys(stateDelta).length)
    found.push(simple("delta", [stateDelta], () => delta(step)));
  return found;
}

/** The wait that a process stands at, or stood at last: what an operator may help on is there. */
function lastWait({ steps }: Process): Step | undefined {
  return steps.findLast(({ callbacks }) => callbacks.length > 0);
}

/** Named by its keys, so that most readers need not open it. */
function delta({ stateDelta, index }: Step): HTMLElement {
  const keys = Object.keys(stateDelta as object);
  const names = keys.slice(0, 4).join(", ") + (keys.length > 4 ? ` and ${keys.length - 4} more` : "");
  const element = disclosure("delta", ["State: ", h("code", {}, names)], valueView(stateDelta, `state-${index}`));
  element.className = "delta";
  return element;
}

function simple(key: string, facts: unknown, draw: () => HTMLElement): Block {
  return { key, signature: JSON.stringify(facts), draw };
}

function head(step: Step): HTMLElement {
  const future = step.status === "PENDING";
  return h(
    "div",
    { class: "step-head" },
    h("h3", {}, step.name),
    !future && badge(step.status),
    h("span", { class: "step-time muted" }, time(step)),
    step.completedBy && h("span", { class: "muted" }, `by ${step.completedBy.name}`),
    step.attempt > 1 && h("span", { class: "muted" }, `attempt ${step.attempt}`),
    step.retryAt && h("span", { class: "muted" }, "next try ", ticking("until", step.retryAt)),
  );
}

/** Waiting is not working: the words say which of the two the time was. */
function time({ kind, startedAt, completedAt, durationSeconds }: Step): Child {
  if (!startedAt) return null;
  const waited = WAITS.has(kind) ? "waited " : "";
  if (!completedAt) return [WAITS.has(kind) ? "waiting for " : "for ", ticking("since", startedAt)];
  return [moment(completedAt), durationSeconds === null ? null : ` · ${waited}${duration(durationSeconds)}`];
}

export function failureView(
  { code, message, details, traceback, occurredAt }: Failure,
  buttons: HTMLElement[],
): HTMLElement {
  return h(
    "div",
    { class: "failure", role: "group", "aria-label": "Failure" },
    h("p", { class: "failure-head" }, h("code", {}, code), " ", moment(occurredAt)),
    h("p", { class: "words" }, message),
    details !== null && disclosure("details", "Details", valueView(details, "details"), true),
    traceback && disclosure("traceback", "Traceback", h("pre", { tabindex: 0 }, traceback)),
    buttons.length > 0 && h("div", { class: "actions" }, buttons),
  );
}
