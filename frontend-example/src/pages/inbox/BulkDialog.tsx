/** Many tasks decided at once: what each of them asks stands before the buttons, and what came of each after them. */
import { useEffect, useId, useRef, useState } from "react";
import { Link } from "wouter";
import { addresses } from "../../app/addresses";
import { announce } from "../../components/Announcer";
import Dialog from "../../components/Dialog";
import { Problem } from "../../components/Problem";
import { Time } from "../../components/Time";
import { counted, LONGEST_TEXT, workflowOf } from "../../words";
import { kindOf, pageOf, type BulkTask, type Kind, type Outcome } from "./bulk";
import { ShownPage } from "./ShownPage";
import { useBulk } from "./useBulk";
import { outcomeOf, tailOf } from "./words";

interface Props {
  ids: readonly string[];
  onClose: () => void;
}

export default function BulkDialog({ ids, onClose }: Props) {
  const bulk = useBulk(ids);
  return (
    <Dialog title={`Decide ${counted(ids.length, "task")}`} onClose={onClose} isBusy={bulk.isSending} isWide>
      {bulk.outcomes ? (
        <Outcomes outcomes={bulk.outcomes} onClose={onClose} />
      ) : bulk.tasks ? (
        <Chosen bulk={bulk} tasks={bulk.tasks} onCancel={onClose} />
      ) : bulk.error ? (
        <Problem error={bulk.error} title="The forms were not read." onRetry={bulk.retry} />
      ) : (
        <p className="muted">Reading what they ask…</p>
      )}
    </Dialog>
  );
}

function Chosen({ bulk, tasks, onCancel }: { bulk: ReturnType<typeof useBulk>; tasks: readonly BulkTask[]; onCancel: () => void }) {
  const [comment, setComment] = useState("");
  const [isMissing, setMissing] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const id = useId();
  const ready = tasks.filter((task) => kindOf(task) === "ready");
  const rejectable = tasks.filter(({ status, canReject }) => status === "OPEN" && canReject);
  const reject = (): void => {
    if (comment.trim()) return void bulk.decide("reject", rejectable, comment);
    setMissing(true);
    field.current?.focus();
  };
  return (
    <div className="bulk-dialog">
      <ul className="bulk-tasks">
        {tasks.map((task) => (
          <ChosenTask key={task.id} task={task} kind={kindOf(task)} />
        ))}
      </ul>
      <div className="field">
        <label htmlFor={id}>
          Comment <span className="muted">(needed to reject; everybody who sees the processes can read it)</span>
        </label>
        <textarea
          ref={field}
          id={id}
          rows={2}
          maxLength={LONGEST_TEXT}
          value={comment}
          aria-invalid={isMissing}
          aria-describedby={isMissing ? `${id}-missing` : undefined}
          onChange={({ target }) => {
            setComment(target.value);
            setMissing(false);
          }}
        />
        {isMissing && (
          <p id={`${id}-missing`} className="error">
            Give a reason.
          </p>
        )}
      </div>
      {bulk.error && <Problem error={bulk.error} title="The decision was not sent. Try again: nothing is decided twice." />}
      <div className="actions dialog-actions">
        <button type="button" onClick={onCancel} disabled={bulk.isSending}>
          Cancel
        </button>
        {rejectable.length > 0 && (
          <button type="button" className="danger" onClick={reject} disabled={bulk.isSending}>
            Reject {rejectable.length}
          </button>
        )}
        {ready.length > 0 && (
          <button type="button" className="primary" disabled={bulk.isSending} onClick={() => void bulk.decide("approve", ready, comment)}>
            {bulk.isSending ? "Sending…" : `Approve ${ready.length}`}
          </button>
        )}
      </div>
      {rejectable.length > 0 && <p className="help">A rejected process stops. To send a process back instead, open its task.</p>}
    </div>
  );
}

const NOTES: Record<Exclude<Kind, "ready">, string> = {
  fill: "Needs more than a yes, so it is not approved here.",
  blocked: "You may not approve it.",
  closed: "No longer open.",
};

function ChosenTask({ task, kind }: { task: BulkTask; kind: Kind }) {
  const page = pageOf(task);
  return (
    <li>
      <TaskName task={task} />
      {kind === "ready" ? (
        page ? (
          <ShownPage page={page} />
        ) : (
          <p className="muted">It asks for a yes, and shows nothing.</p>
        )
      ) : (
        <p className="help">
          {NOTES[kind]} {kind === "blocked" && task.blockedReason} {kind === "closed" && `${outcomeOf(task)}.`}{" "}
          {kind !== "closed" && <Link href={addresses.process(task.process.id)}>Open it</Link>}
        </p>
      )}
    </li>
  );
}

function TaskName({ task: { title, process } }: { task: BulkTask }) {
  return (
    <p className="bulk-name">
      <b>{process.subject}</b>{" "}
      <span className="muted">
        <bdi>{title}</bdi> · <bdi>{workflowOf(process)}</bdi> · started {process.createdBy && `by ${process.createdBy.name}, `}
        <Time at={process.startedAt} /> <code title={process.id}>{tailOf(process.id)}</code>
      </span>
    </p>
  );
}

function Outcomes({ outcomes, onClose }: { outcomes: readonly Outcome[]; onClose: () => void }) {
  const heading = useRef<HTMLHeadingElement>(null);
  const done = outcomes.filter(({ isDone }) => isDone).length;
  const words = `${done} of ${counted(outcomes.length, "task")} decided`;
  useEffect(() => {
    heading.current?.focus();
    announce(words);
  }, [words]);
  return (
    <div className="bulk-dialog">
      <h3 ref={heading} tabIndex={-1}>
        {words}
      </h3>
      <ul className="outcomes" aria-label="What came of each task">
        {outcomes.map(({ task, isDone, words: text, at }) => (
          <li key={task.id} className={isDone ? "tone-good" : "tone-bad"}>
            <Link href={addresses.process(task.process.id)}>{task.process.subject}</Link>{" "}
            <span className="muted">
              {task.title} <code>{tailOf(task.process.id)}</code>
            </span>{" "}
            <span className="outcome">{text}</span> {at && <Time at={at} />}
          </li>
        ))}
      </ul>
      <div className="actions dialog-actions">
        <button type="button" className="primary" onClick={onClose}>
          Close
        </button>
      </div>
    </div>
  );
}
