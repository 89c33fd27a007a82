/** The result of a callback: read when it is opened; a large one only if somebody asks for it. */
import { lazy, Suspense } from "react";
import { run } from "../../api/client";
import { Problem } from "../../components/Problem";
import { CALLBACK_RESULT } from "../../operations/process";
import { useLoaded } from "./loading";

const CallbackResult = lazy(() => import("../../components/output/CallbackResult"));

export function ResultView({ id, version }: { id: string; version: string }) {
  const { value, error, again } = useLoaded(() => run(CALLBACK_RESULT, { id }), `${id} ${version}`);
  const node = value?.node;
  if (error) return <Problem error={error} title="The result was not read." onRetry={again} />;
  if (!node || !("isTruncated" in node)) return <p className="muted">Reading…</p>;
  const { result, isTruncated, resultBytes, resultPreview } = node;
  return (
    <div className="result">
      <Suspense fallback={<p className="muted">Reading…</p>}>
        <CallbackResult callback={{ id, result, isTruncated, resultBytes, resultPreview }} />
      </Suspense>
    </div>
  );
}
