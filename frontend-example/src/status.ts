/** One table says how a status looks and reads; `components/Badge` draws it. */

export type Tone = "idle" | "busy" | "person" | "remote" | "good" | "bad";

/** Icons are drawn on a grid of 16 and carry the meaning where colour does not. */
export const ICONS = {
  dot: "M8 6.5a1.5 1.5 0 1 0 0 3 1.5 1.5 0 1 0 0-3",
  play: "M6 4.5 11.5 8 6 11.5z",
  person: "M8 8a2.2 2.2 0 1 0 0-4.4A2.2 2.2 0 0 0 8 8zM3.8 12.8a4.2 4.2 0 0 1 8.4 0",
  remote: "M3 6.2h8.5M9 3.6l2.6 2.6M13 9.8H4.5M7 12.4 4.4 9.8",
  clock: "M8 4.6V8l2.3 1.5M8 2.6a5.4 5.4 0 1 0 0 10.8A5.4 5.4 0 1 0 8 2.6",
  check: "m3.8 8.4 2.8 2.8 5.6-6",
  cross: "m4.6 4.6 6.8 6.8m0-6.8-6.8 6.8",
  stop: "M4.8 4.8h6.4v6.4H4.8z",
  skip: "M4 8h8",
} as const;

export interface Look {
  tone: Tone;
  icon: keyof typeof ICONS;
  word: string;
}

const look = (tone: Tone, icon: keyof typeof ICONS, word: string): Look => ({ tone, icon, word });

/** Processes and steps. */
const LOOKS: Record<string, Look> = {
  CREATED: look("idle", "dot", "Created"),
  PENDING: look("idle", "dot", "To come"),
  SKIPPED: look("idle", "skip", "Skipped"),
  RUNNING: look("busy", "play", "Running"),
  WAITING: look("busy", "clock", "Waiting"),
  SUSPENDED: look("person", "person", "Needs a person"),
  AWAITING_CALLBACK: look("remote", "remote", "Waiting for remote"),
  FAILED: look("bad", "cross", "Failed"),
  ABORTED: look("idle", "stop", "Aborted"),
  COMPLETED: look("good", "check", "Completed"),
  SUCCESS: look("good", "check", "Done"),
  // Callbacks; OPEN is the one that is PENDING, because a step that is PENDING is to come.
  OPEN: look("remote", "remote", "Waiting"),
  ACCEPTED: look("good", "check", "Received"),
  EXPIRED: look("bad", "clock", "No answer in time"),
  REVOKED: look("idle", "stop", "Withdrawn"),
  RECEIVED: look("busy", "check", "Answered"),
  VALIDATED: look("good", "check", "Answered and validated"),
  REJECTED: look("bad", "cross", "Refused by the validation"),
  FAILED_BY_REMOTE: look("bad", "cross", "Failed by the remote"),
  HEARTBEAT_LOST: look("bad", "clock", "Fell silent"),
  WITHDRAWN: look("idle", "stop", "Withdrawn"),
  // Product subscriptions.
  INITIAL: look("idle", "dot", "Initial"),
  PROVISIONING: look("busy", "play", "Provisioning"),
  MIGRATING: look("busy", "play", "Migrating"),
  ACTIVE: look("good", "check", "Active"),
  DISABLED: look("idle", "skip", "Disabled"),
  TERMINATED: look("idle", "stop", "Terminated"),
  IN_SYNC: look("good", "check", "In sync"),
  LOCKED: look("busy", "play", "Locked"),
  OUT_OF_SYNC: look("bad", "cross", "Out of sync"),
  // Notifications.
  UNSENT: look("busy", "clock", "To be sent"),
  SENT: look("good", "check", "Sent"),
  DEAD: look("bad", "cross", "Given up"),
};

export function lookOf(status: string): Look {
  return LOOKS[status] ?? look("idle", "dot", status.toLowerCase().replaceAll("_", " "));
}

/** Statuses of processes in the order in which an operator asks for them. */
export const PROCESS_STATUSES = [
  "SUSPENDED",
  "AWAITING_CALLBACK",
  "RUNNING",
  "WAITING",
  "FAILED",
  "CREATED",
  "COMPLETED",
  "ABORTED",
] as const;
