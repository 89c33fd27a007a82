/** The result of a callback: read when it is opened; a large one only if somebody asks for it. */
import { lazy, Suspense } from "react";
import { run } from "../../api/client";
import { CALLBACK_RESULT } from "../../operations/process";
import { useLoaded } from "./loading";

const CallbackResult = lazy(() => import("../../components/output/CallbackResult"));

export function ResultView({ id, version }: { id: string; version: string }) {
  const { value, error } = useLoaded(() => run(CALLBACK_RESULT, { id }), `${id} ${version}`);
  const node = value?.node;
  if (error) return <p className="error">The result could not be read: {error.message}</p>;
  if (!node || !("isTruncated" in node)) return <p className="muted">Reading…</p>;
  const { result, isTruncated, resultBytes, resultPreview } = node;
  return (
    <div className="result">
      <Suspense fallback={null}>
        <CallbackResult callback={{ id, result, isTruncated, resultBytes, resultPreview }} />
      </Suspense>
    </div>
  );
}
