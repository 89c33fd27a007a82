/** The result of a callback: read when it is opened; a large one only if somebody asks for it. */
import { lazy, Suspense, useState } from "react";
import { run } from "../../api/client";
import { parse, plainText, type Json } from "../../api/json";
import { CALLBACK_RESULT } from "../../operations/process";
import { useLoaded, wholeResult } from "./loading";
import { bytes } from "./words";

const Result = lazy(() => import("../../components/output/Result"));

export function ResultView({ id, version }: { id: string; version: string }) {
  const { value, error } = useLoaded(() => run(CALLBACK_RESULT, { id }), `${id} ${version}`);
  const node = value?.node;
  if (error) return <p className="error">The result could not be read: {error.message}</p>;
  if (!node || !("resultPreview" in node)) return <p className="muted">Reading…</p>;
  return (
    <div className="result">
      {node.isTruncated ? (
        <LargeResult id={id} preview={node.resultPreview ?? ""} size={node.resultBytes ?? 0} />
      ) : (
        <Shown id={id} value={node.result} />
      )}
    </div>
  );
}

function Shown({ id, value }: { id: string; value: Json }) {
  return (
    <Suspense fallback={null}>
      <Result value={value} fileName={`result-${id}.json`} />
    </Suspense>
  );
}

function LargeResult({ id, preview, size }: { id: string; preview: string; size: number }) {
  const [isWanted, setWanted] = useState(false);
  const { value, error } = useLoaded(async () => ({ whole: parse(await wholeResult(id)) as Json }), id, isWanted);
  if (value) return <Shown id={id} value={value.whole} />;
  const text = plainText(preview);
  return (
    <>
      <pre tabIndex={0}>{text}</pre>
      <p className="tools">
        <span className="muted">
          The first {bytes(new TextEncoder().encode(text).length)} of {bytes(size)}.
        </span>
        {error && <span className="error">{error.message}</span>}
        <button type="button" className="quiet" disabled={isWanted && !error} onClick={() => setWanted(true)}>
          {isWanted && !error ? "Reading…" : `Show all ${bytes(size)}`}
        </button>
      </p>
    </>
  );
}
