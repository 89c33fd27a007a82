/**
 * The result of a callback. A large one is not in the callback: its end is read when it is looked at, and the whole if
 * somebody asks.
 */
import { useEffect, useMemo, useState } from "react";
import { parse, type Json } from "../../api/json";
import { size } from "../../bytes";
import { download } from "../../clipboard";
import { resultSlices, wholeText } from "../../operations/output";
import { visible } from "../../visible";
import { JobFields } from "./JobFields";
import { jobResult } from "./jobResult";
import { partialJob } from "./partialResult";
import Result from "./Result";
import "../../styles/output.css";

export interface CallbackResultProps {
  callback: {
    readonly id: string;
    readonly result?: Json | null;
    readonly isTruncated: boolean;
    readonly resultBytes?: number | null;
    readonly resultPreview?: string | null;
  };
}

export default function CallbackResult({ callback }: CallbackResultProps) {
  const name = `result-${callback.id}`;
  if (callback.isTruncated) return <LargeResult key={callback.id} callback={callback} name={name} />;
  return <Result value={callback.result ?? null} fileName={name} />;
}

/** Characters of the end that are read without being asked for. */
const END = 100_000;

function LargeResult({ callback, name }: CallbackResultProps & { name: string }) {
  const { id, resultBytes = null, resultPreview } = callback;
  const head = resultPreview ?? "";
  const [tail, setTail] = useState<string | null>(null);
  const [whole, setWhole] = useState<Json | undefined>(undefined);
  const [isLoading, setLoading] = useState(false);
  const [problem, setProblem] = useState<Error | null>(null);
  useEffect(() => {
    let isGone = false;
    readEnd(id).then(
      (text) => !isGone && setTail(text),
      (reason: Error) => !isGone && setProblem(reason),
    );
    return () => {
      isGone = true;
    };
  }, [id]);
  const job = useMemo(() => (tail === null ? null : partialJob(head, tail)), [head, tail]);
  if (whole !== undefined) return <Result value={whole} fileName={name} />;

  const load = (): Promise<string> => wholeText(resultSlices(id));
  const attempt = (work: () => Promise<void>) => (): void => {
    setLoading(true);
    setProblem(null);
    void work()
      .catch(setProblem)
      .finally(() => setLoading(false));
  };
  const bytes = resultBytes === null ? "" : size(resultBytes);
  return (
    <div className="result-view">
      {job ? (
        <JobFields
          result={job}
          fileName={name}
          wholeBytes={resultBytes}
          loadOutput={async () => jobResult(parse(await load()) as Json)?.output ?? ""}
        />
      ) : (
        <>
          <pre tabIndex={0} aria-label="Beginning of the result">
            {visible(head)}
          </pre>
          <p className="cut-note">
            Shows the first {size(new Blob([head]).size)} of {bytes}, as JSON.
          </p>
        </>
      )}
      <p className="cut-note">
        <button type="button" className="quiet" disabled={isLoading} onClick={attempt(async () => setWhole(parse(await load()) as Json))}>
          {isLoading ? "Loading…" : `Load the whole result (${bytes})`}
        </button>
        <button
          type="button"
          className="quiet"
          disabled={isLoading}
          onClick={attempt(async () => download(await load(), `${name}.json`, "application/json"))}
        >
          Download as JSON
        </button>
      </p>
      {problem && <p className="error">{problem.message}</p>}
    </div>
  );
}

/** The end of the text; its length is known only to the server. */
async function readEnd(id: string): Promise<string> {
  const read = resultSlices(id);
  const first = await read(0, 1);
  if (!first) return "";
  const end = await read(Math.max(0, first.totalLength - END), END);
  return end?.text ?? "";
}
