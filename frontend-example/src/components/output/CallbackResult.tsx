/**
 * The result of a callback. A large one is not in the callback: its end is read when it is looked at, and the whole if
 * somebody asks.
 */
import { useEffect, useMemo, useState } from "react";
import { parse, type Json } from "../../api/json";
import { bytesOf, size } from "../../bytes";
import { download } from "../../clipboard";
import { resultSlices, wholeText, type OnShare } from "../../operations/output";
import { visible } from "../../visible";
import { Problem } from "../Problem";
import { JobFields } from "./JobFields";
import { jobResult } from "./jobResult";
import { partialJob } from "./partialResult";
import Result from "./Result";
import { loadingWords } from "./TextOutput";
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
  const end = useEnd(id);
  const [whole, setWhole] = useState<{ value: Json } | null>(null);
  const [share, setShare] = useState<number | null>(null);
  const [problem, setProblem] = useState<Error | null>(null);
  const job = useMemo(() => (end.text === null ? null : partialJob(head, end.text)), [head, end.text]);
  if (whole) return <Result value={whole.value} fileName={name} />;
  if (end.text === null && !end.problem) return <p className="muted">Reading…</p>;

  const load = (onShare?: OnShare): Promise<string> => wholeText(resultSlices(id), onShare);
  const attempt = async (use: (text: string) => void): Promise<void> => {
    setProblem(null);
    setShare(0);
    try {
      use(await load(setShare));
    } catch (reason) {
      setProblem(reason as Error);
    }
    setShare(null);
  };
  const bytes = resultBytes === null ? "" : size(resultBytes);
  return (
    <div className="result-view">
      {job ? (
        <JobFields
          result={job}
          fileName={name}
          wholeBytes={resultBytes}
          loadOutput={async (onShare) => jobResult(parse(await load(onShare)) as Json)?.output ?? ""}
        />
      ) : (
        <Beginning text={head} of={bytes} />
      )}
      <p className="cut-note">
        <button
          type="button"
          className="quiet"
          disabled={share !== null}
          onClick={() => void attempt((text) => setWhole({ value: parse(text, true) as Json }))}
        >
          {share === null ? `Load the whole result (${bytes})` : loadingWords(share)}
        </button>
        <button
          type="button"
          className="quiet"
          disabled={share !== null}
          onClick={() => void attempt((text) => download(text, `${name}.json`, "application/json"))}
        >
          Download as JSON
        </button>
      </p>
      {problem && <Problem error={problem} title="The whole result was not read." />}
      {end.problem && <Problem error={end.problem} title="The end of the result was not read." onRetry={end.again} />}
    </div>
  );
}

function Beginning({ text, of }: { text: string; of: string }) {
  return (
    <>
      <pre tabIndex={0} role="region" aria-label="Beginning of the result">
        {visible(text)}
      </pre>
      <p className="cut-note">
        Shows the first {size(bytesOf(text))} of {of}, as JSON.
      </p>
    </>
  );
}

/** The end of the JSON text of the result; null until it is read. */
function useEnd(id: string): { text: string | null; problem: Error | null; again: () => void } {
  const [end, setEnd] = useState<{ text: string | null; problem: Error | null }>({ text: null, problem: null });
  const [tries, setTries] = useState(0);
  useEffect(() => {
    let isGone = false;
    readEnd(id).then(
      (text) => !isGone && setEnd({ text, problem: null }),
      (problem: Error) => !isGone && setEnd({ text: null, problem }),
    );
    return () => {
      isGone = true;
    };
  }, [id, tries]);
  return { ...end, again: () => setTries(tries + 1) };
}

/** The end of the text; its length is known only to the server. */
async function readEnd(id: string): Promise<string> {
  const read = resultSlices(id);
  const first = await read(0, 1);
  if (!first) return "";
  const end = await read(Math.max(0, first.totalLength - END), END);
  return end?.text ?? "";
}
