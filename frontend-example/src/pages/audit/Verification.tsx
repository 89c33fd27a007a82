/** Checks that nobody changed the log: a button, the progress, and the result with the anchor to keep elsewhere. */
import { useEffect, useId, useRef, useState } from "react";
import { Link } from "wouter";
import { run } from "../../api/client";
import { addresses } from "../../app/addresses";
import { Copy } from "../../components/Copy";
import { Problem } from "../../components/Problem";
import { Time } from "../../components/Time";
import { AUDIT_COUNT, VERIFY_AUDIT } from "../../operations/audit";
import { counted } from "../../words";
import { anchorOf, anchorText, verify, type ReadPart, type Verdict } from "./verify";

const readPart: ReadPart = async (variables) => {
  const { verifyAudit } = await run(VERIFY_AUDIT, variables);
  if (!verifyAudit) throw new Error("The server did not check the log.");
  return verifyAudit;
};

interface Progress {
  entries: number;
  /** Null if the server did not count them all. */
  total: number | null;
}

export function Verification() {
  const [progress, setProgress] = useState<Progress | null>(null);
  const [verdict, setVerdict] = useState<Verdict | null>(null);
  const [error, setError] = useState<Error | null>(null);
  const [anchor, setAnchor] = useState("");
  const [isWrong, setWrong] = useState(false);
  const running = useRef<AbortController>(undefined);
  useEffect(() => () => running.current?.abort(), []);

  const start = async (): Promise<void> => {
    const known = anchor.trim() ? anchorOf(anchor) : null;
    setWrong(anchor.trim() !== "" && known === null);
    if (anchor.trim() !== "" && known === null) return;
    const control = new AbortController();
    running.current = control;
    setVerdict(null);
    setError(null);
    setProgress({ entries: 0, total: 0 });
    try {
      const { audit } = await run(AUDIT_COUNT, {});
      const total = audit?.totalCountIsExact ? audit.totalCount : null;
      setVerdict(await verify(readPart, known, (entries) => setProgress({ entries, total }), control.signal));
    } catch (problem) {
      setError(problem as Error);
    }
    setProgress(null);
  };

  return (
    <div className="verification">
      <div className="actions">
        {progress ? (
          <button type="button" onClick={() => running.current?.abort()}>
            Stop
          </button>
        ) : (
          <button type="button" onClick={() => void start()}>
            Verify the log
          </button>
        )}
        <AnchorField value={anchor} isWrong={isWrong} onChange={setAnchor} />
      </div>
      {progress && <Checking {...progress} />}
      <div role="status">{verdict && <Outcome verdict={verdict} />}</div>
      {error && <Problem error={error} title="The log was not checked." />}
    </div>
  );
}

function Checking({ entries, total }: Progress) {
  if (total === null)
    return (
      <p className="checking">
        <progress aria-label="Checked entries" /> {counted(entries, "entry", "entries")} checked
      </p>
    );
  return (
    <p className="checking">
      <progress aria-label="Checked entries" max={Math.max(total, 1)} value={Math.min(entries, total)} />
      {entries.toLocaleString()} of {total.toLocaleString()} entries are checked
    </p>
  );
}

function AnchorField({ value, isWrong, onChange }: { value: string; isWrong: boolean; onChange: (value: string) => void }) {
  const id = useId();
  return (
    <details className="anchor">
      <summary>Compare with an anchor that you kept</summary>
      <label htmlFor={id}>The number and the digest of a seal, as an earlier check gave them</label>
      <input
        id={id}
        value={value}
        placeholder="1234:9f86d081…"
        spellCheck={false}
        aria-invalid={isWrong}
        aria-describedby={isWrong ? `${id}-wrong` : undefined}
        onChange={(event) => onChange(event.target.value)}
      />
      {isWrong && (
        <p id={`${id}-wrong`} className="error" role="alert">
          This is not an anchor: it looks like 12:9f86d081…, with 64 digits behind the colon.
        </p>
      )}
    </details>
  );
}

function Outcome({ verdict }: { verdict: Verdict }) {
  const count = counted(verdict.entries, "entry", "entries");
  const [those, are, their] = verdict.entries === 1 ? ["it", "is", "its seal"] : ["they", "are", "their seals"];
  if (verdict.kind === "stopped") return <p>Stopped after {count}, and {those} {are} correct.</p>;
  if (verdict.kind === "whole") {
    return (
      <div className="verdict tone-good">
        <p>
          <b>The log is whole:</b> {count} and {their} are correct.
        </p>
        {verdict.seal && (
          <p>
            Keep this anchor outside this system, and compare with it next time:{" "}
            <code className="id">{anchorText(verdict.seal)}</code> <Copy text={anchorText(verdict.seal)} what="the anchor" />
          </p>
        )}
      </div>
    );
  }
  const { fault, broken } = verdict;
  return (
    <div className="verdict tone-bad">
      <p>
        <b>The log was changed</b> (found after {count}): {fault}
      </p>
      {broken && (
        <p>
          The entry: <code>{broken.action}</code> at <Time at={broken.at} />
          {broken.process && (
            <>
              , about <Link href={addresses.process(broken.process.id)}>{broken.process.subject}</Link>
            </>
          )}
          .
        </p>
      )}
      <p>Leave the database as it is, and export the log. A wrong ORCHESTRATOR_AUDIT_KEY looks the same at the first entry.</p>
    </div>
  );
}
