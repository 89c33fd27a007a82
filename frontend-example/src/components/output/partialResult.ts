/**
 * The result of a job of which only the beginning and the end are here: its fields, and the end of its log. It is JSON text
 * that was cut somewhere, so the end is completed with each way in which the log of a job may have begun; a completion that
 * is wrong is no JSON, because the quotes of the end do not match then.
 */
import { isObject, parse, type Json } from "../../api/json";
import { jobResult, OUTPUTS, type JobResult } from "./jobResult";

/** `head` is the beginning, `tail` the end of the same JSON text; null if it is no result of a job. */
export function partialJob(head: string, tail: string): JobResult | null {
  const before = fieldsBefore(head);
  if (!before) return null;
  for (const [pattern, opening] of [
    [/[^\\](?:\\\\)*",\s*(?=")/, "["],
    [/[^\\](?:\\\\)*\\n/, '"'],
  ] as const) {
    const at = pattern.exec(tail);
    if (!at) continue;
    const end = completed(`${before.opening}${opening}${tail.slice(at.index + at[0].length)}`);
    const job = end && jobResult(merged(before.fields, end));
    if (job) return job;
  }
  return null;
}

interface Before {
  /** The fields before the output, as JSON values. */
  fields: { [key: string]: Json };
  /** The text that opens the objects around the output, up to its value. */
  opening: string;
}

/** What stands before the output: `{"job_id": "…", "result": {"output": `. */
function fieldsBefore(head: string): Before | null {
  for (const name of OUTPUTS) {
    const at = new RegExp(`"${name}"\\s*:\\s*(?=["\\[])`).exec(head);
    if (!at) continue;
    const text = head.slice(0, at.index).replace(/,\s*$/, "");
    const isNested = /"result"\s*:\s*\{[^{}]*$/.test(text);
    const value = completed(text + (isNested ? "}}" : "}"));
    if (!value) continue;
    return { fields: value, opening: isNested ? `{"result":{"${name}":` : `{"${name}":` };
  }
  return null;
}

function completed(text: string): { [key: string]: Json } | null {
  try {
    const value = parse(text);
    return isObject(value) ? (value as { [key: string]: Json }) : null;
  } catch {
    return null;
  }
}

function merged(before: { [key: string]: Json }, end: { [key: string]: Json }): Json {
  const [inner, result] = [before["result"], end["result"]];
  return isObject(inner) && isObject(result)
    ? { ...before, ...end, result: { ...(inner as object), ...(result as object) } as Json }
    : { ...before, ...end };
}
