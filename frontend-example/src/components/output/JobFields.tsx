/** The result of a playbook or a program: how it ended, what it changed on which host, and its log. */
import { visible } from "../../visible";
import { Icon } from "../Badge";
import { Fact } from "../Fact";
import { ICONS } from "../../status";
import type { HostCounts, JobResult } from "./jobResult";
import JsonTree from "./JsonTree";
import TextOutput from "./TextOutput";
import type { LoadWhole } from "./useWhole";

interface Props {
  result: JobResult;
  fileName: string;
  /** The size of the whole result if `result` has only the end of its log, and how to load the log. */
  wholeBytes?: number | null;
  loadOutput?: LoadWhole;
}

export function JobFields({ result, fileName, wholeBytes = null, loadOutput }: Props) {
  const { returnCode, status, jobId, isGood, output, hosts, others } = result;
  return (
    <div className="job">
      <dl className="job-facts">
        {(isGood !== null || returnCode !== null) && (
          <Fact name="Return code">
            {returnCode !== null && <code>{returnCode}</code>} {isGood !== null && <Verdict isGood={isGood} />}
          </Fact>
        )}
        {status !== null && <Fact name="Status">{visible(status)}</Fact>}
        {hosts.length > 0 && <Fact name="Changed">{changedWords(hosts)}</Fact>}
        {jobId !== null && (
          <Fact name="Job">
            <code className="id">{visible(jobId)}</code>
          </Fact>
        )}
      </dl>
      {hosts.length > 0 && <Hosts hosts={hosts} />}
      {output ? (
        <TextOutput
          text={output}
          fileName={`${fileName}.log`}
          label="Log"
          startsAtEnd
          wholeBytes={wholeBytes}
          wholeName="a result"
          loadWhole={loadOutput}
        />
      ) : (
        <p className="muted">The log is empty.</p>
      )}
      {Object.keys(others).length > 0 && (
        <details>
          <summary>Other fields</summary>
          <JsonTree value={{ ...others }} fileName={`${fileName}-fields.json`} label="Other fields" />
        </details>
      )}
    </div>
  );
}

function Verdict({ isGood }: { isGood: boolean }) {
  return (
    <span className={`badge tone-${isGood ? "good" : "bad"}`}>
      <Icon path={isGood ? ICONS.check : ICONS.cross} />
      {isGood ? "ok" : "failed"}
    </span>
  );
}

function changedWords(hosts: readonly HostCounts[]): string {
  const changed = hosts.filter(({ counts }) => counts["changed"]);
  return `${changed.length} of ${hosts.length} ${hosts.length === 1 ? "host" : "hosts"}`;
}

const SHOWN = ["ok", "changed", "unreachable", "failed", "skipped", "rescued", "ignored"];

/** Broken hosts first, then changed ones. */
function Hosts({ hosts }: { hosts: readonly HostCounts[] }) {
  const names = SHOWN.filter((name) => hosts.some(({ counts }) => counts[name]));
  const rank = ({ counts, isBad }: HostCounts): number => (isBad ? 0 : counts["changed"] ? 1 : 2);
  return (
    <div className="job-hosts" tabIndex={0} role="region" aria-label="Hosts">
      <table>
        <thead>
          <tr>
            <th scope="col">Host</th>
            {names.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {[...hosts]
            .sort((a, b) => rank(a) - rank(b))
            .map((host, at) => (
              <tr key={at} className={host.isBad ? "bad" : host.counts["changed"] ? "changed" : undefined}>
                <th scope="row">
                  {host.isBad && <Icon path={ICONS.cross} />} {visible(host.host)}
                </th>
                {names.map((name) => (
                  <td key={name}>{host.counts[name] ?? 0}</td>
                ))}
              </tr>
            ))}
        </tbody>
      </table>
    </div>
  );
}
