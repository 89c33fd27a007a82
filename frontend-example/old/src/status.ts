/** One table says how a status looks and reads; one badge draws it. */
import { h } from "./dom";

type Tone = "idle" | "busy" | "person" | "remote" | "good" | "bad";

/** Icons are drawn on a grid of 16 and carry the meaning where colour does not. */
const ICONS = {
  dot: "M8 6.5a1.5 1.5 0 1 0 0 3 1.5 1.5 0 1 0 0-3",
  play: "M6 4.5 11.5 8 6 11.5z",
  person: "M8 8a2.2 2.2 0 1 0 0-4.4A2.2 2.2 0 0 0 8 8zM3.8 12.8a4.2 4.2 0 0 1 8.4 0",
  remote: "M3 6.2h8.5M9 3.6l2.6 2.6M13 9.8H4.5M7 12.4 4.4 9.8",
  clock: "M8 4.6V8l2.3 1.5M8 2.6a5.4 5.4 0 1 0 0 10.8A5.4 5.4 0 1 0 8 2.6",
  check: "m3.8 8.4 2.8 2.8 5.6-6",
  cross: "m4.6 4.6 6.8 6.8m0-6.8-6.8 6.8",
  stop: "M4.8 4.8h6.4v6.4H4.8z",
  skip: "M4 8h8",
};

const LOOKS: Record<string, [Tone, keyof typeof ICONS, string]> = {
  CREATED: ["idle", "dot", "Created"],
  PENDING: ["idle", "dot", "To come"],
  SKIPPED: ["idle", "skip", "Skipped"],
  RUNNING: ["busy", "play", "Running"],
  WAITING: ["busy", "clock", "Retrying later"],
  SUSPENDED: ["person", "person", "Needs a person"],
  AWAITING_CALLBACK: ["remote", "remote", "Waiting for remote"],
  FAILED: ["bad", "cross", "Failed"],
  ABORTED: ["idle", "stop", "Aborted"],
  COMPLETED: ["good", "check", "Completed"],
  SUCCESS: ["good", "check", "Done"],
};

export const PROCESS_STATUSES = [
  "SUSPENDED",
  "AWAITING_CALLBACK",
  "RUNNING",
  "WAITING",
  "FAILED",
  "CREATED",
  "COMPLETED",
  "ABORTED",
];

function look(status: string): [Tone, keyof typeof ICONS, string] {
  return LOOKS[status] ?? ["idle", "dot", status.toLowerCase().replaceAll("_", " ")];
}

export const wordOf = (status: string): string => look(status)[2];
export const toneOf = (status: string): string => `tone-${look(status)[0]}`;

/** The icon of a status alone; whoever uses it writes the word beside it. */
export function icon(status: string): SVGSVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", ICONS[look(status)[1]]);
  svg.append(path);
  return svg;
}

/** Icon and word, in the colours of the status. */
export function badge(status: string): HTMLElement {
  return h("span", { class: `badge ${toneOf(status)}` }, icon(status), wordOf(status));
}
