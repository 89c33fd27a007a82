/** Times that tick together, once a second, for the whole page. */
import { useEffect, useState, useSyncExternalStore } from "react";
import { serverNow } from "../api/serverClock";
import { useStore } from "../api/store";
import { zone } from "../preferences";
import { duration, fullMoment, moment, relative, secondsSince } from "../time";

let now = serverNow();
const listeners = new Set<() => void>();
let timer = 0;

function tick(): void {
  now = serverNow();
  for (const listener of [...listeners]) listener();
}

function follow(listener: () => void): () => void {
  listeners.add(listener);
  timer ||= window.setInterval(tick, 1000);
  return () => {
    listeners.delete(listener);
    if (listeners.size) return;
    window.clearInterval(timer);
    timer = 0;
  };
}

/** The time of the server in milliseconds; it changes once a second. */
export function useNow(): number {
  return useSyncExternalStore(follow, () => now);
}

/** A moment by the chosen clock; with `isRelative`, how long ago it was. */
export function Time({ at, isRelative = false }: { at: string; isRelative?: boolean }) {
  const chosen = useStore(zone);
  return (
    <time dateTime={at} title={fullMoment(at)}>
      {isRelative ? <Relative at={at} /> : moment(at, chosen, serverNow())}
    </time>
  );
}

function Relative({ at }: { at: string }) {
  return <>{relative(at, useNow())}</>;
}

/** How long something lasts that began at `since`. */
export function Elapsed({ since }: { since: string }) {
  return (
    <time dateTime={since} title={fullMoment(since)}>
      {duration(secondsSince(since, useNow()))}
    </time>
  );
}

/** The deadline, as a countdown that turns red when it is over. */
export function Deadline({ at }: { at: string }) {
  const seconds = secondsSince(at, useNow());
  return (
    <time dateTime={at} title={fullMoment(at)} className={seconds >= 0 ? "error" : undefined}>
      {seconds < 0 ? `due in ${duration(-seconds)}` : `overdue by ${duration(seconds)}`}
    </time>
  );
}

/** A value that follows `value` after it has been still for so many milliseconds. */
export function useDebounced<T>(value: T, milliseconds: number): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const pending = setTimeout(() => setSettled(value), milliseconds);
    return () => clearTimeout(pending);
  }, [value, milliseconds]);
  return settled;
}
