/** Times as people say them; those that tick are brought up to date once a second. */
import { h } from "./dom";

/** Seconds as two units at most: `1.4 s`, `40 s`, `3 min 12 s`, `2 h 5 min`, `3 d 4 h`. */
export function duration(seconds: number): string {
  if (seconds < 10 && !Number.isInteger(seconds)) return `${Number(Math.max(0, seconds).toFixed(1))} s`;
  const whole = Math.max(0, Math.round(seconds));
  const units: [number, string][] = [
    [86_400, "d"],
    [3_600, "h"],
    [60, "min"],
    [1, "s"],
  ];
  const first = units.findIndex(([size]) => whole >= size);
  if (first < 0) return "0 s";
  let rest = whole;
  const parts = units.slice(first, first + 2).map(([size, name]) => {
    const count = Math.floor(rest / size);
    rest %= size;
    return count ? `${count} ${name}` : "";
  });
  return parts.filter(Boolean).join(" ");
}

function secondsSince(iso: string): number {
  return Math.floor((Date.now() - Date.parse(iso)) / 1000);
}

const TICKING = {
  since: (iso: string) => duration(secondsSince(iso)),
  until: (iso: string) =>
    secondsSince(iso) < 0 ? `in ${duration(-secondsSince(iso))}` : `${duration(secondsSince(iso))} ago`,
  due: (iso: string) =>
    secondsSince(iso) < 0 ? `due in ${duration(-secondsSince(iso))}` : `overdue by ${duration(secondsSince(iso))}`,
  ago: (iso: string) =>
    secondsSince(iso) < 10 ? "just now" : `${duration(secondsSince(iso)).split(/(?<=[a-z]) /)[0]} ago`,
};

/** A time that ticks, with the moment itself, local and UTC, when pointed at. */
export function ticking(kind: keyof typeof TICKING, iso: string): HTMLTimeElement {
  const element = h("time", { datetime: iso, title: full(iso), "data-tick": kind });
  tick(element);
  return element;
}

function tick(element: HTMLTimeElement): void {
  const kind = element.dataset["tick"] as keyof typeof TICKING;
  const text = TICKING[kind](element.dateTime);
  if (element.textContent === text) return;
  element.textContent = text;
  element.classList.toggle("error", kind === "due" && secondsSince(element.dateTime) >= 0);
}

/** A moment by the reader's clock; the date only when it is not today. */
export function moment(iso: string): HTMLTimeElement {
  const date = new Date(iso);
  const time = date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const day =
    date.toDateString() === new Date().toDateString()
      ? ""
      : `${date.toLocaleDateString([], { day: "numeric", month: "short" })} `;
  return h("time", { datetime: iso, title: full(iso) }, day + time);
}

function full(iso: string): string {
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? iso : `${date.toLocaleString()} (${date.toISOString()})`;
}

/** Keep every ticking time on the page right. */
export function startTicking(): void {
  setInterval(() => {
    document.querySelectorAll<HTMLTimeElement>("time[data-tick]").forEach(tick);
  }, 1000);
}
