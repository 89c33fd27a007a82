/** The messages of a callback: the newest first to see, older ones on demand. */

export default function ProgressLog({ callbackId }: { callbackId: string }) {
  return <p className="muted">{callbackId}</p>;
}
