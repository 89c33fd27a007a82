// @vitest-environment jsdom
import { describe, expect, it } from "vitest";
import { parse, stringify, type Json } from "../../api/json";
import { hostsOf, jobResult } from "./jobResult";
import { partialJob } from "./partialResult";
import { readable } from "./Result";

const JOB = "0c6f6c1e-2f0d-4c55-9b1c-6f8f5d1f3a77";
const PLAYBOOK: Json = { status: "successful", job_id: JOB, output: ["PLAY [x]", "ok: [a]"], return_code: 0 };
const PROGRAM: Json = { job_id: JOB, result: { output: "ams-1 answers\n", return_code: 0, status: "successful" } };

describe("the result of a job", () => {
  it.each<[string, Json, object]>([
    ["of a playbook", PLAYBOOK, { returnCode: "0", status: "successful", jobId: JOB, isGood: true, output: "PLAY [x]\nok: [a]", others: {} }],
    ["of a program", PROGRAM, { returnCode: "0", jobId: JOB, isGood: true, output: "ams-1 answers\n", others: {} }],
    ["that failed", { status: "failed", output: ["no"], return_code: 2 }, { returnCode: "2", isGood: false }],
    ["that could not be run", { status: "failed", output: ["Ansible playbook run failed: x"], return_code: -1 }, { returnCode: "-1", isGood: false }],
    ["without a code", { status: "timeout", output: "" }, { returnCode: null, isGood: false }],
    ["with an unknown status", { status: "strange", output: "" }, { isGood: null }],
    ["as a demo of LSO shows it", { process_output: "x\ny", return_code: 0 }, { output: "x\ny", isGood: true }],
    ["of a command module", { rc: 1, stdout: "a\nb", stdout_lines: ["a", "b"], stderr: "bad", cmd: "x" }, { returnCode: "1", output: "a\nb\nbad", others: { cmd: "x" } }],
    ["with other fields", { ...(PLAYBOOK as object), duration: 3 } as Json, { others: { duration: 3 } }],
    ["with a code of many digits", parse('{"return_code": 12345678901234567890, "output": ""}') as Json, { returnCode: "12345678901234567890", isGood: false }],
    ["with a code of zero in other words", parse('{"return_code": 0.0, "output": ""}', true) as Json, { returnCode: "0.0", isGood: true }],
    ["with an empty output", { return_code: 0, output: [] }, { output: "", isGood: true }],
  ])("%s", (_, value, fields) => {
    expect(jobResult(value)).toMatchObject(fields);
  });

  it.each<[Json]>([
    [{ output: "x" }],
    [{ return_code: 0 }],
    [{ status: "ACTIVE", name: "port" }],
    [{ return_code: "0", output: "x" }],
    [{ return_code: 0, output: { a: 1 } }],
    [[PLAYBOOK]],
    ["output"],
    [null],
  ])("is not %j", (value) => {
    expect(jobResult(value)).toBeNull();
  });

  it("keeps a key that is in both places", () => {
    const value: Json = { job_id: "1", result: { job_id: "2", output: "x", return_code: 0 } };
    expect(jobResult(value)).toBeNull();
  });
});

describe("hosts", () => {
  it("are those of the last recap, without colours", () => {
    const output = [
      "PLAY RECAP ***",
      "old : ok=1 changed=1 unreachable=0 failed=0",
      "PLAY RECAP *****",
      "\u001b[0;33mams-1\u001b[0m                : \u001b[0;32mok=3   \u001b[0m \u001b[0;33mchanged=1   \u001b[0m unreachable=0    failed=0    skipped=0",
      "paris-1 : ok=1 changed=0 unreachable=1 failed=0",
      "fd00::1 : ok=1 changed=0 unreachable=0 failed=2",
      "done : really",
    ].join("\n");
    expect(hostsOf(output).map(({ host, counts, isBad }) => [host, counts["changed"], isBad])).toEqual([
      ["ams-1", 1, false],
      ["paris-1", 0, true],
      ["fd00::1", 0, true],
    ]);
  });

  it("are not what a task prints about a recap", () => {
    expect(hostsOf('msg: "PLAY RECAP is below"\nx : ok=1')).toEqual([]);
    expect(hostsOf("no recap")).toEqual([]);
  });
});

describe("what is shown", () => {
  it.each<[Json, string]>([
    [PLAYBOOK, "job"],
    ["a text", "text"],
    [["a", "b"], "text"],
    [parse("12345678901234567890") as Json, "tree"],
    [["a"], "tree"],
    [["a", 1], "tree"],
    [{ a: 1 }, "tree"],
    [null, "tree"],
  ])("for %j is a %s", (value, kind) => {
    expect(readable(value).kind).toBe(kind);
  });

  it("for lines of a diff is a diff", () => {
    expect(readable(["-vlan 10", "+vlan 20"])).toMatchObject({ kind: "text", isDiff: true });
    expect(readable(["- a", "b"])).toMatchObject({ isDiff: false });
  });
});

describe("a result of which only the beginning and the end are here", () => {
  const lines = Array.from({ length: 3_000 }, (_, at) => `line ${at} "quoted" \\ back\\\\slash \u001b[31m${"x".repeat(at % 7)}`);
  const log = lines.join("\n");
  const shapes: [string, Json][] = [
    ["a playbook", { status: "failed", job_id: JOB, output: lines, return_code: 2 }],
    ["a playbook with the output last", { status: "failed", job_id: JOB, return_code: 2, output: lines }],
    ["a program", { job_id: JOB, result: { output: log, return_code: 2, status: "failed" } }],
    ["a command", { rc: 2, stdout: log }],
  ];

  it.each(shapes)("is read: %s, wherever it is cut", (_, value) => {
    const text = stringify(value);
    for (let cut = 5_000; cut < 5_400; cut += 3) {
      const job = partialJob(text.slice(0, 1_000), text.slice(-cut));
      expect(job?.returnCode, `cut ${cut}`).toBe("2");
      expect(job?.isGood).toBe(false);
      expect(log.endsWith(job?.output ?? "-") || `${log}`.endsWith((job?.output ?? "-").trimEnd())).toBe(true);
      expect((job?.output ?? "").split("\n").length).toBeGreaterThan(60);
    }
  });

  it.each([
    ['{"some": "object", "list": [', '1, 2, 3]}'],
    ['["a", "b', 'c", "d"]'],
    ['{"output": "x', 'nothing that ends'],
    ["", ""],
  ])("is nothing else: %s … %s", (head, tail) => {
    expect(partialJob(head, tail)).toBeNull();
  });
});
