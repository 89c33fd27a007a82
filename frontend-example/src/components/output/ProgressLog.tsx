/**
 * The messages of a callback: the newest in view, older ones on demand. It reads the reports itself: give it the id of the
 * callback, and it follows the stream. The bar is there only if a percentage was reported.
 */
import { useMemo, useState } from "react";
import { download } from "../../clipboard";
import { LOG_PAGE, progressPage } from "../../operations/output";
import { Problem } from "../Problem";
import { Time } from "../Time";
import { LogPane } from "./LogPane";
import type { LogRowLine } from "./LogRow";
import { lastPercent, reportText, type ProgressRows } from "./progressRows";
import { useProgressLog } from "./useProgressLog";

interface Props {
  callbackId: string;
  /** False if the page draws the percentage itself. */
  hasBar?: boolean;
}

export default function ProgressLog({ callbackId, hasBar = true }: Props) {
  const { log, isReading, error, older, follow } = useProgressLog(callbackId);
  const [problem, setProblem] = useState<Error | null>(null);
  const percent = useMemo(() => lastPercent(log), [log]);
  if (!log.rows.length && !error)
    return <p className="muted">{isReading ? "Reading…" : "No progress was reported."}</p>;
  return (
    <div className={percent === null ? "progress-log" : "progress-log has-percent"}>
      {hasBar && percent !== null && <ProgressBar percent={percent} />}
      <LogPane
        label="Progress"
        rows={log.rows}
        firstKey={log.firstKey}
        startsAtEnd
        gutter={gutter}
        older={log.hasOlder ? older : undefined}
        onFollow={follow}
        tools={
          <button type="button" className="quiet" onClick={() => void save(callbackId).catch(setProblem)}>
            Download
          </button>
        }
        notes={<p className="cut-note">{cutWords(log)}</p>}
      />
      {error && <Problem error={error} title="The newest reports were not read. They are asked for again." />}
      {problem && <Problem error={problem} title="The reports were not downloaded." />}
    </div>
  );
}

/** What of the log is not here. */
function cutWords({ kept, totalCount, hasOlder }: ProgressRows): string {
  if (kept.length >= totalCount) return "";
  const shown = `${kept.length.toLocaleString()} of ${totalCount.toLocaleString()} reports are shown`;
  return hasOlder ? `${shown}.` : `${shown}: the server keeps the newest ones only.`;
}

/** A bar with its number in words. */
function ProgressBar({ percent }: { percent: number }) {
  return (
    <p className="percent-bar">
      <progress max={100} value={percent} aria-label="Progress" />
      <span>{Math.round(percent)} %</span>
    </p>
  );
}

function gutter({ at, percent }: LogRowLine) {
  return (
    <span className="log-time">
      {at && <Time at={at} />}
      {percent !== null && percent !== undefined && <span className="log-percent">{Math.round(percent)} %</span>}
    </span>
  );
}

/** All reports that the server has, with their times in UTC. */
async function save(callbackId: string): Promise<void> {
  let page = await progressPage(callbackId, { last: LOG_PAGE });
  const parts = [page.reports];
  while (page.hasOlder && page.reports[0]) {
    page = await progressPage(callbackId, { last: LOG_PAGE, before: page.reports[0].cursor });
    parts.unshift(page.reports);
  }
  download(`${parts.flat().map(reportText).join("\n")}\n`, `progress-${callbackId}.log`);
}
