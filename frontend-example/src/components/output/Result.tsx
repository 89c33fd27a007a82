/** A JSON value as it is best read: a job's result as fields, a text as lines, all else as a tree; always also as JSON. */
import { useMemo, useState } from "react";
import { exactNumber, plainText, type Json } from "../../api/json";
import { isDiff } from "./diffLines";
import { JobFields } from "./JobFields";
import { isLines, jobResult, linesOf, type JobResult } from "./jobResult";
import JsonTree from "./JsonTree";
import TextOutput from "./TextOutput";
import "../../styles/output.css";

interface Props {
  value: Json;
  /** The name of the downloaded file, without its folder. */
  fileName: string;
}

export default function Result({ value, fileName }: Props) {
  const [isJson, setJson] = useState(false);
  const read = useMemo(() => readable(value), [value]);
  const name = fileName.replace(/\.(?:json|txt|log)$/, "");
  if (read.kind === "tree") return <JsonTree value={value} fileName={`${name}.json`} label="Result" />;
  return (
    <div className="result-view">
      <div className="result-choice" role="group" aria-label="How to show the result">
        <button type="button" className="quiet" aria-pressed={!isJson} onClick={() => setJson(false)}>
          {read.kind === "job" ? "Fields" : "Text"}
        </button>
        <button type="button" className="quiet" aria-pressed={isJson} onClick={() => setJson(true)}>
          JSON
        </button>
      </div>
      {isJson ? (
        <JsonTree value={value} fileName={`${name}.json`} label="Result" />
      ) : read.kind === "job" ? (
        <JobFields result={read.job} fileName={name} />
      ) : (
        <TextOutput text={read.text} fileName={`${name}.txt`} label="Result" isDiff={read.isDiff} />
      )}
    </div>
  );
}

type Read = { kind: "tree" } | { kind: "text"; text: string; isDiff: boolean } | { kind: "job"; job: JobResult };

/** How the value is best read. */
export function readable(value: Json): Read {
  if (typeof value === "string" && exactNumber(value) === null)
    return { kind: "text", text: plainText(value), isDiff: false };
  if (isLines(value) && value.length > 1) return { kind: "text", text: linesOf(value), isDiff: isDiff(value) };
  const job = jobResult(value);
  return job ? { kind: "job", job } : { kind: "tree" };
}
