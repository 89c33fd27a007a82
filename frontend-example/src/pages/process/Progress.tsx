/** How far a remote service says it is. Without a percentage there is no bar: that is not 0 %. */
import { Time } from "../../components/Time";
import { readable } from "../../visible";
import type { Callback } from "./processModel";

export function Progress({ callback: { progress, name } }: { callback: Callback }) {
  if (!progress) return null;
  const { percent, message, reportedAt } = progress;
  return (
    <div className="progress">
      {percent !== null && (
        <progress max={100} value={percent} aria-label={name ? `Progress of ${name}` : "Progress"}>
          {Math.round(percent)} %
        </progress>
      )}
      <p className="progress-words">
        <span>{readable(message ?? (percent === null ? "In progress" : ""))}</span>
        <span className="muted">
          {percent !== null && `${Math.round(percent)} % · `}
          <Time at={reportedAt} isRelative />
        </span>
      </p>
    </div>
  );
}
