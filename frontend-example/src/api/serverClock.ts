/**
 * The clock of the server. All times that a page shows are the server's, and the clock of an operator's machine may be
 * minutes off: a deadline would be called overdue too early, and "the last 24 hours" would be others.
 */

/** Milliseconds by which a `Date` header may be behind: it has whole seconds, and is renewed once a second. */
const BEHIND = 2_000;

let offset = 0;

/** Learn from the `Date` of a response whose request was sent at this time of this machine. */
export function learnServerTime(date: string | null, sentAt: number): void {
  const dated = Date.parse(date ?? "");
  if (Number.isNaN(dated)) return;
  const [earliest, latest] = [dated - Date.now(), dated + BEHIND - sentAt];
  // What is known stays as long as it is possible, so that times do not jump from response to response.
  if (offset >= earliest && offset <= latest) return;
  offset = earliest <= 0 && latest >= 0 ? 0 : (earliest + latest) / 2;
}

/** The time of the server in milliseconds, as `Date.now()` is the time of this machine. */
export const serverNow = (): number => Date.now() + offset;
