/** The download of the whole log, with which others can verify it without the server. */
import { useEffect, useRef, useState } from "react";
import { announce } from "../../components/Announcer";
import { Problem } from "../../components/Problem";
import { exportLog } from "./exportLog";

export function Export() {
  const [bytes, setBytes] = useState<number | null>(null);
  const [error, setError] = useState<Error | null>(null);
  const running = useRef<AbortController>(undefined);
  useEffect(() => () => running.current?.abort(), []);

  const start = async (): Promise<void> => {
    running.current = new AbortController();
    setError(null);
    setBytes(0);
    try {
      await exportLog(setBytes, running.current.signal);
      announce("The log is downloaded");
    } catch (problem) {
      setError(problem as Error);
    }
    setBytes(null);
  };

  return (
    <div className="export">
      <button type="button" disabled={bytes !== null} onClick={() => void start()} title="NDJSON: every entry and seal as a line">
        {bytes === null ? "Download the log" : `${(bytes / 1e6).toFixed(1)} MB…`}
      </button>
      {error && <Problem error={error} title="The log was not downloaded." />}
    </div>
  );
}
