/** The buttons of a process: exactly those the server says are allowed now. */
import { request } from "../api";
import { ABORT, RETRY } from "../documents";
import { h, notify } from "../dom";
import { conflict } from "../forms/wizard";
import type { Process, Refusal } from "../model";
import { ask } from "./dialog";

export type Action = "RETRY" | "ABORT";

export function actionButtons(process: Process, wanted: Action[], settled: () => void): HTMLElement[] {
  const { id, version, workflowName } = process;
  const act = async (document: string, input: Record<string, unknown>) => {
    try {
      const answer = Object.values(
        await request<Record<string, Refusal>>(document, {
          input: { processId: id, expectedVersion: version, ...input },
        }),
      )[0];
      if (answer?.code) notify(conflict(answer).textContent ?? answer.message);
    } catch (problem) {
      notify((problem as Error).message);
    }
    settled();
  };
  const abort = async () => {
    const reason = await ask({
      title: `Abort ${workflowName}?`,
      words: "Nothing follows after the step in flight, and open callback URLs are withdrawn.",
      reason: "Reason (kept in the audit log)",
      confirm: "Abort the process",
    });
    if (reason !== null) await act(ABORT, { reason: reason || null });
  };
  const buttons = {
    RETRY: () => h("button", { type: "button", class: "primary", onclick: () => void act(RETRY, {}) }, "Retry"),
    ABORT: () => h("button", { type: "button", class: "danger quiet", onclick: () => void abort() }, "Abort…"),
  };
  return wanted.filter((action) => process.availableActions.includes(action)).map((action) => buttons[action]());
}
