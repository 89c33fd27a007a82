/** A wait for a remote service: how long, how far, what it said, and what was refused. */
import { disclosure, h, type Block, type Child } from "../dom";
import type { Attempt, Callback, Process, Progress } from "../model";
import { bytes, resultView, valueView } from "../result";
import { moment, ticking } from "../time";
import { adoptButton, callbackButtons } from "./actions";

const ENDS: Record<string, string> = {
  RECEIVED: "Answered, to be validated",
  VALIDATED: "Answered and validated",
  REJECTED: "Answered, and refused by the validation",
  FAILED_BY_REMOTE: "The remote service reported a failure",
  EXPIRED: "The deadline passed without an answer",
  HEARTBEAT_LOST: "The remote service fell silent",
  WITHDRAWN: "Withdrawn: its URL is dead",
};

/** `isCurrent`: the process stands at it, so it can be helped on. */
export function callbackBlock(callback: Callback, process: Process, isCurrent: boolean, settled: () => void): Block {
  const facts = [callback, isCurrent && process.availableActions, isCurrent && process.version];
  return {
    key: callback.id,
    signature: JSON.stringify(facts),
    draw: () => callbackView(callback, process, isCurrent, settled),
  };
}

function callbackView(callback: Callback, process: Process, isCurrent: boolean, settled: () => void): HTMLElement {
  const { status, progress, progressLog, attempts, validation } = callback;
  const refused = attempts.nodes.filter(({ outcome }) => outcome !== "ACCEPTED");
  const hasResult = callback.isTruncated || callback.resultBytes !== null || callback.result !== null;
  return h(
    "div",
    { class: `callback${callback.isOverdue ? " overdue" : ""}` },
    h("p", { class: "callback-head" }, status === "PENDING" ? waiting(callback) : ended(callback)),
    status === "PENDING" && progress && bar(progress),
    validation?.message && h("p", { class: "words" }, validation.message),
    progressLog.nodes.length > 1 &&
      disclosure(
        "log",
        `Progress (${progressLog.nodes.length}${progressLog.pageInfo.hasNextPage ? "+" : ""})`,
        log(progressLog.nodes),
      ),
    refused.length > 0 &&
      disclosure(
        "refused",
        `Not accepted (${refused.length})`,
        h(
          "ul",
          { class: "log" },
          refused.map((attempt) => refusal(attempt, isCurrent && adoptButton(attempt, process, settled))),
        ),
      ),
    hasResult &&
      disclosure(
        "result",
        ["Result", callback.resultBytes !== null && h("span", { class: "muted" }, ` ${bytes(callback.resultBytes)}`)],
        resultView(callback),
        true,
      ),
    validation?.details &&
      disclosure("validation", "What the validation found", valueView(validation.details, "validation")),
    isCurrent && h("div", { class: "actions" }, callbackButtons(callback, process, settled)),
  );
}

function refusal(attempt: Attempt, button: Child): HTMLElement {
  return h(
    "li",
    {},
    moment(attempt.at),
    " ",
    attempt.outcome.toLowerCase().replaceAll("_", " "),
    ` · ${bytes(attempt.bytes)}`,
    attempt.peer && ` from ${attempt.peer}`,
    attempt.error && ` – ${attempt.error}`,
    " ",
    button,
    attempt.bodyPreview && h("pre", { class: "preview" }, attempt.bodyPreview),
  );
}

function waiting({ name, issuedAt, expiresAt, isOverdue, tokenHint, round }: Callback): Child {
  return [
    h("strong", {}, name ? `Waiting for ${name}` : "Waiting for the remote service"),
    h("span", {}, "since ", moment(issuedAt), " · ", ticking("since", issuedAt)),
    expiresAt && h("span", { class: isOverdue ? "error" : "muted" }, "deadline ", ticking("until", expiresAt)),
    h(
      "span",
      { class: "muted", title: "The last characters of the token, for talking to the remote team" },
      `token …${tokenHint}`,
    ),
    round > 1 && h("span", { class: "muted" }, `issued ${round} times`),
  ];
}

const SOURCES: Record<string, string> = {
  POLL: "asked for when its time was over",
  OPERATOR: "typed in by hand",
  ADOPTED: "adopted from a late or refused delivery",
};

function ended({ name, status, receivedAt, isEarly, source }: Callback): Child {
  return [
    h("strong", {}, name ? `${name}: ${ENDS[status] ?? status}` : (ENDS[status] ?? status)),
    receivedAt && h("span", { class: "muted" }, moment(receivedAt), isEarly && ", before the wait began"),
    source && SOURCES[source] && h("span", { class: "muted" }, SOURCES[source]),
  ];
}

function bar({ percent, message, reportedAt }: Progress): HTMLElement {
  const words = message ?? (percent === null ? "In progress" : `${Math.round(percent)} %`);
  return h(
    "div",
    { class: "progress" },
    h("progress", { max: 100, value: percent, "aria-label": "Progress" }),
    h(
      "p",
      { class: "progress-words" },
      h("span", {}, words),
      h(
        "span",
        { class: "muted" },
        percent !== null && message ? `${Math.round(percent)} % · ` : "",
        ticking("ago", reportedAt),
      ),
    ),
  );
}

function log(entries: Progress[]): HTMLElement {
  return h(
    "ol",
    { class: "log" },
    entries.map(({ percent, message, reportedAt }) =>
      h(
        "li",
        {},
        moment(reportedAt),
        percent !== null && h("span", { class: "percent" }, `${Math.round(percent)} %`),
        h("span", {}, message ?? ""),
      ),
    ),
  );
}
