/**
 * Recognizes the result of a remote job: a playbook or a program that a service such as the LSO or ansible-runner ran. There
 * are several spellings, so a result counts by its kind: an object with a return code or a status, and an output.
 */
import { exactNumber, isObject, plainText, type Json } from "../../api/json";
import { draw, PLAIN } from "./ansi";

export interface HostCounts {
  readonly host: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly isBad: boolean;
}

export interface JobResult {
  readonly returnCode: string | null;
  readonly status: string | null;
  readonly jobId: string | null;
  /** Null if neither the code nor the status says it. */
  readonly isGood: boolean | null;
  readonly output: string;
  readonly hosts: readonly HostCounts[];
  /** What else the result has. */
  readonly others: { readonly [key: string]: Json };
}

const CODES = ["return_code", "returncode", "rc", "exit_code", "exitcode"];
export const OUTPUTS = ["output", "process_output", "stdout_lines", "stdout", "log"];
const ERRORS = ["stderr_lines", "stderr"];
const STATUSES = ["status", "state"];
const JOBS = ["job_id", "jobid", "job"];
const NESTED = ["result"];

const GOOD = /^(?:successful|success|succeeded|ok|completed|finished|done)$/i;
const BAD = /^(?:failed|failure|error|timeout|timed[ _]?out|cancell?ed|unreachable)$/i;

type Fields = { readonly [key: string]: Json };

/** The result as fields; null if it is another kind of value. */
export function jobResult(value: Json): JobResult | null {
  if (!isObject(value)) return null;
  const outer = value as Fields;
  const fields = flat(outer);
  const [codeKey, code] = entryOf(fields, CODES, isNumber);
  const [outputKey, output] = entryOf(fields, OUTPUTS, isText);
  const [statusKey, status] = entryOf(fields, STATUSES, isWord);
  const [jobKey, job] = entryOf(fields, JOBS, isWord);
  if (output === undefined || (code === undefined && status === undefined)) return null;
  const [errorKey, errors] = entryOf(fields, ERRORS, isText);
  const text = [linesOf(output), errors === undefined ? "" : linesOf(errors)].filter(Boolean).join("\n");
  const used = [codeKey, outputKey, statusKey, jobKey, errorKey];
  // The same output as a text and as lines is one output.
  const same = [...OUTPUTS, ...ERRORS].filter((key) => isText(fields[key]) && text.includes(linesOf(fields[key])));
  return {
    returnCode: code === undefined ? null : digitsOf(code),
    status: status === undefined ? null : wordOf(status),
    jobId: job === undefined ? null : wordOf(job),
    isGood: verdictOf(code, status),
    output: text,
    hosts: hostsOf(text),
    others: Object.fromEntries(Object.entries(fields).filter(([key]) => !used.includes(key) && !same.includes(key))),
  };
}

/** The result of a program is one level deeper: `{"job_id", "result": {"output", "return_code", "status"}}`. */
function flat(outer: Fields): Fields {
  const key = NESTED.find((name) => isObject(outer[name]));
  if (key === undefined || OUTPUTS.some((name) => isText(outer[name]))) return outer;
  const { [key]: inner, ...others } = outer;
  const fields = inner as Fields;
  // A key in both places stays where it is.
  return Object.keys(others).some((name) => Object.hasOwn(fields, name)) ? outer : { ...others, ...fields };
}

type Fits = (value: Json | undefined) => boolean;

function entryOf(fields: Fields, names: readonly string[], fits: Fits): [string | null, Json | undefined] {
  const name = names.find((key) => Object.hasOwn(fields, key) && fits(fields[key]));
  return name === undefined ? [null, undefined] : [name, fields[name]];
}

const isNumber = (value: Json | undefined): boolean => typeof value === "number" || exactNumber(value) !== null;
const isWord = (value: Json | undefined): boolean =>
  (typeof value === "string" && value.length <= 100 && !value.includes("\n")) || isNumber(value);
export const isLines = (value: Json | undefined): value is string[] =>
  Array.isArray(value) && value.every((line) => typeof line === "string" && exactNumber(line) === null);
const isText = (value: Json | undefined): boolean =>
  (typeof value === "string" && exactNumber(value) === null) || isLines(value);

const digitsOf = (value: Json): string => exactNumber(value) ?? String(value);
const wordOf = (value: Json): string => (typeof value === "string" ? plainText(value) : String(value));

/** A text, or a list of lines, as one text. */
export function linesOf(value: Json | undefined): string {
  if (isLines(value)) return value.map((line) => plainText(line).replace(/\r?\n$/, "")).join("\n");
  return typeof value === "string" ? plainText(value) : "";
}

function verdictOf(code: Json | undefined, status: Json | undefined): boolean | null {
  if (code !== undefined && Number(digitsOf(code)) !== 0) return false;
  const word = status === undefined ? "" : wordOf(status);
  if (BAD.test(word)) return false;
  return code !== undefined || GOOD.test(word) ? true : null;
}

const RECAP = /^PLAY RECAP\b/;
const HOST = /^(\S+)\s*:\s*((?:\w+=\d+\s*)+)$/;

/** The hosts of the last play recap, the changed and the broken ones with their counts. */
export function hostsOf(output: string): HostCounts[] {
  const start = output.lastIndexOf("PLAY RECAP");
  if (start < 0) return [];
  const from = output.lastIndexOf("\n", start) + 1;
  const lines = output.slice(from).split("\n").map(withoutColour);
  if (!RECAP.test(lines[0] ?? "")) return [];
  return lines.slice(1).flatMap((line) => {
    const [, host, list] = HOST.exec(line.trim()) ?? [];
    if (!host || !list) return [];
    const pairs = [...list.matchAll(/(\w+)=(\d+)/g)].map(([, name, count]) => [name, Number(count)] as const);
    const counts: Record<string, number> = Object.fromEntries(pairs);
    return [{ host, counts, isBad: Boolean(counts["failed"] || counts["unreachable"]) }];
  });
}

function withoutColour(line: string): string {
  return draw(line, PLAIN)
    .segments.map(({ text }) => text)
    .join("");
}
