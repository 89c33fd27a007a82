/** What tells one process of a workflow from another: who started it, when, and the end of its id. */
import { h } from "../dom";
import type { Row } from "../model";
import { moment } from "../time";

type Started = Pick<Row, "id" | "startedAt" | "createdBy">;

/** The beginning of an id is the time, alike for all that are started together. */
export const tail = (id: string): string => `…${id.slice(-6)}`;

export function originView({ id, startedAt, createdBy }: Started): HTMLElement {
  const who = createdBy ? `by ${createdBy.name}, ` : "";
  return h("span", { class: "origin" }, `started ${who}`, moment(startedAt), " ", h("code", { title: id }, tail(id)));
}

/** The same where there is only text. */
export const originWords = (process: Started): string => originView(process).textContent ?? "";
