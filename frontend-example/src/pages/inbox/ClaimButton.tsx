/** Claims a task, or releases it: for a claimed task nobody else may decide. */
import { useState } from "react";
import { errorText, run } from "../../api/client";
import { announce } from "../../components/Announcer";
import { INBOX_CLAIM, INBOX_RELEASE } from "../../operations/inbox";
import type { Task } from "./taskList";

interface Props {
  task: Task;
  viewerId: string | null;
  permissions: readonly string[];
  /** The answer is known; the words are null if it was a success. */
  onSettled: (problem: string | null) => void;
}

export function ClaimButton({ task, viewerId, permissions, onSettled }: Props) {
  const [isBusy, setBusy] = useState(false);
  const { claimedBy, canSubmit } = task;
  const mayManage = permissions.includes("MANAGE_ENGINE") && permissions.includes("SUBMIT_FORM");
  const mayRelease = claimedBy !== null && (claimedBy.id === viewerId || mayManage);
  if (!mayRelease && (claimedBy !== null || !canSubmit)) return null;
  const act = async (): Promise<void> => {
    setBusy(true);
    try {
      const problem = await (mayRelease ? release(task) : claim(task));
      announce(problem ?? (mayRelease ? "Released" : "Claimed"));
      onSettled(problem);
    } catch (problem) {
      onSettled(errorText(problem as Error));
    }
    setBusy(false);
  };
  return (
    <button type="button" className="quiet" aria-busy={isBusy} onClick={() => !isBusy && void act()}>
      {mayRelease ? "Release" : "Claim"}
      <span className="unseen"> {task.process.subject}</span>
    </button>
  );
}

const inputOf = ({ id, version }: Task) => ({ inputRequestId: id, expectedVersion: version });

async function claim(task: Task): Promise<string | null> {
  const { claimInputRequest: answer } = await run(INBOX_CLAIM, { input: inputOf(task) }, "mutation");
  return "message" in answer ? answer.message : null;
}

async function release(task: Task): Promise<string | null> {
  const { releaseInputRequest: answer } = await run(INBOX_RELEASE, { input: inputOf(task) }, "mutation");
  return "message" in answer ? answer.message : null;
}
