/** The buttons of a process and its callbacks: exactly those the server says are allowed now. */
import { request } from "../api";
import { ABORT, ADOPT, COMPLETE, REAWAIT, REISSUE, RETRY } from "../documents";
import { h, notify } from "../dom";
import { conflict } from "../forms/wizard";
import type { Attempt, Callback, Process, Refusal } from "../model";
import { ask, askFor } from "./dialog";

export type Action = "RETRY" | "ABORT";

type Act = (document: string, input: Record<string, unknown>) => Promise<void>;

/** Ask the server to do it, bound to what was seen; a refusal is told in its own words. */
function acting({ version }: Process, settled: () => void): Act {
  return async (document, input) => {
    try {
      const answer = Object.values(
        await request<Record<string, Refusal>>(document, { input: { expectedVersion: version, ...input } }),
      )[0];
      if (answer?.code) notify(conflict(answer).textContent ?? answer.message);
    } catch (problem) {
      notify((problem as Error).message);
    }
    settled();
  };
}

const REASON = "Reason (kept in the audit log)";
const MINUTES = { label: "Minutes, from now", initial: "60", rows: 1, fault: notMinutes };
const RESULT = { label: "Result, as JSON", initial: "{}", rows: 8, fault: notJson };

function notMinutes(text: string): string {
  return Number(text) > 0 ? "" : "A number over zero, please.";
}

function notJson(text: string): string {
  try {
    JSON.parse(text);
    return "";
  } catch (problem) {
    return (problem as Error).message;
  }
}

/** What helps this callback on, where it is the one that the process stands at. */
export function callbackButtons(callback: Callback, process: Process, settled: () => void): HTMLElement[] {
  const act = acting(process, settled);
  const callbackId = callback.id;
  const reawait = async () => {
    const words = "The same job, at the same URL: the remote service is not called.";
    const said = await askFor({ title: "Wait longer?", words, value: MINUTES, reason: REASON, confirm: "Wait" });
    if (said) await act(REAWAIT, { callbackId, timeoutSeconds: Number(said.value) * 60, reason: said.reason || null });
  };
  const reissue = async () => {
    const words = "The action runs again and hands out a fresh URL; the old one is dead.";
    const reason = await ask({ title: "Issue it again?", words, reason: REASON, confirm: "Run the action again" });
    if (reason !== null) await act(REISSUE, { callbackId, reason: reason || null });
  };
  const complete = async () => {
    const words = "It is judged as the remote service's own would be. The remote service is not called.";
    const said = await askFor({
      ...{ title: "Type the result in?", words, value: RESULT, reason: REASON, isReasonRequired: true },
      confirm: "Take it for the result",
    });
    if (said) await act(COMPLETE, { callbackId, result: JSON.parse(said.value) as unknown, reason: said.reason });
  };
  const offered: [string, string, () => Promise<void>][] = [
    ["REAWAIT_CALLBACK", "Wait longer…", reawait],
    ["REISSUE_CALLBACK", "Issue again…", reissue],
    ["COMPLETE_CALLBACK", "Complete by hand…", complete],
  ];
  return offered
    .filter(([action]) => process.availableActions.includes(action))
    .map(([, label, onclick]) => h("button", { type: "button", class: "quiet", onclick: () => void onclick() }, label));
}

/** Make a late or refused delivery the result. */
export function adoptButton(attempt: Attempt, process: Process, settled: () => void): HTMLElement | false {
  if (!attempt.isAdoptable || !process.availableActions.includes("ADOPT_CALLBACK_ATTEMPT")) return false;
  const adopt = async () => {
    const words = ["It becomes the result and is judged; the remote service is not called.", ...attempt.replaced];
    const reason = await ask({
      ...{ title: "Adopt this delivery?", words: words.join(" "), reason: REASON, isReasonRequired: true },
      confirm: "Take it for the result",
    });
    if (reason !== null) await acting(process, settled)(ADOPT, { attemptId: attempt.id, reason });
  };
  return h("button", { type: "button", class: "quiet", onclick: () => void adopt() }, "Adopt…");
}

export function actionButtons(process: Process, wanted: Action[], settled: () => void): HTMLElement[] {
  const { id: processId, workflowName } = process;
  const act = acting(process, settled);
  const abort = async () => {
    const reason = await ask({
      title: `Abort ${workflowName}?`,
      words: "Nothing follows after the step in flight, and open callback URLs are withdrawn.",
      reason: REASON,
      confirm: "Abort the process",
    });
    if (reason !== null) await act(ABORT, { processId, reason: reason || null });
  };
  const buttons = {
    RETRY: () => h("button", { type: "button", class: "primary", onclick: () => void act(RETRY, { processId }) }, "Retry"),
    ABORT: () => h("button", { type: "button", class: "danger quiet", onclick: () => void abort() }, "Abort…"),
  };
  return wanted.filter((action) => process.availableActions.includes(action)).map((action) => buttons[action]());
}
