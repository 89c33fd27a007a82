/** One task: what is asked, about what, since when and until when, and who has claimed it. */
import { lazy, Suspense, useId, useState } from "react";
import { Link } from "wouter";
import { addresses } from "../../app/addresses";
import { Deadline, Elapsed, Time } from "../../components/Time";
import { openWords } from "../../forms/request/facts";
import { workflowOf } from "../../words";
import { ClaimButton } from "./ClaimButton";
import type { Task, TaskRow as Row } from "./taskList";
import { outcomeOf, tailOf } from "./words";

const InputRequest = lazy(() => import("../../forms/InputRequest"));

interface Props {
  row: Row;
  viewerId: string | null;
  permissions: readonly string[];
  isChosen: boolean;
  onChoose: (isChosen: boolean) => void;
}

export const isDecidable = ({ task, isGone }: Row): boolean => !isGone && (task.canSubmit || task.canReject);

export function TaskRow({ row, viewerId, permissions, isChosen, onChoose }: Props) {
  const { task, isGone } = row;
  const [isOpen, setOpen] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const place = useId();
  const { process } = task;
  return (
    <li className={`task${isGone ? " gone" : ""}`} data-task={task.id}>
      <div className="tick">
        {isDecidable(row) && (
          <input
            type="checkbox"
            className="choose"
            aria-label={`Choose ${process.subject}, ${task.title} ${tailOf(process.id)}`}
            checked={isChosen}
            onChange={({ target }) => onChoose(target.checked)}
          />
        )}
      </div>
      <div className="task-body">
        <h2 className="task-head">
          <Link href={addresses.process(process.id)}>{process.subject}</Link>
          <span className="asks">{task.title}</span>
        </h2>
        {isGone ? <p className="gone-words">{outcomeOf(task)}</p> : <Facts task={task} viewerId={viewerId} />}
        {!isGone && !task.canSubmit && task.blockedReason && <p className="help">{task.blockedReason}</p>}
        {problem && <p className="error" role="alert">{problem}</p>}
      </div>
      {(!isGone || isOpen) && (
        <div className="task-actions">
          {!isGone && !isOpen && <ClaimButton task={task} viewerId={viewerId} permissions={permissions} onSettled={setProblem} />}
          <button type="button" className="quiet" aria-expanded={isOpen} aria-controls={isOpen ? place : undefined} onClick={() => setOpen(!isOpen)}>
            {isOpen ? "Fold" : "Open here"}
            <span className="unseen"> {process.subject}</span>
          </button>
        </div>
      )}
      {isOpen && (
        <div id={place} className="opened">
          <Suspense fallback={<p className="muted">Loading…</p>}>
            <InputRequest id={task.id} />
          </Suspense>
        </div>
      )}
    </li>
  );
}

function Facts({ task, viewerId }: { task: Task; viewerId: string | null }) {
  const { assignee, createdAt, dueAt, claimedBy, escalatedAt, approvalsNeeded, decisions, process } = task;
  const openToAll = openWords(task);
  return (
    <p className="facts muted">
      {dueAt && <Deadline at={dueAt} />}
      <span>
        waits for <Elapsed since={createdAt} />
      </span>
      <span>for {assignee.name}</span>
      {openToAll && <span className="open-to-all">{openToAll}</span>}
      {claimedBy && <b>claimed by {claimedBy.id === viewerId ? "you" : claimedBy.name}</b>}
      {approvalsNeeded > 1 && (
        <span>
          {decisions.length} of {approvalsNeeded} approvals
        </span>
      )}
      {escalatedAt && (
        <span>
          escalated <Time at={escalatedAt} isRelative />
        </span>
      )}
      <span className="origin">
        {workflowOf(process)}, started {process.createdBy && `by ${process.createdBy.name}, `}
        <Time at={process.startedAt} /> <code title={process.id}>{tailOf(process.id)}</code>
      </span>
    </p>
  );
}
