/** Reads what the chosen tasks ask, sends the decision, and keeps what came of each. */
import { useEffect, useState } from "react";
import { freshKey, run } from "../../api/client";
import { BULK_DECIDE, BULK_FORMS } from "../../operations/inbox";
import { approvals, outcomesOf, rejections, type BulkTask, type Outcome } from "./bulk";

/** Forms that are read together: each of them is evaluated on the server. */
const FORMS_AT_ONCE = 25;

/** Characters of a read-only text; the task itself shows all of them. */
const LONGEST_TEXT = 3_000;

interface Bulk {
  /** Null until they were read. */
  tasks: readonly BulkTask[] | null;
  error: Error | null;
  isSending: boolean;
  outcomes: readonly Outcome[] | null;
  retry: () => void;
  decide: (verdict: "approve" | "reject", tasks: readonly BulkTask[], comment: string) => Promise<void>;
}

/** The ids are of input requests, so what is not a task no longer exists. */
const isBulkTask = (node: BulkTask | Record<string, never> | null): node is BulkTask => node !== null && "version" in node;

async function readTasks(ids: readonly string[]): Promise<BulkTask[]> {
  const found: BulkTask[] = [];
  for (let at = 0; at < ids.length; at += FORMS_AT_ONCE) {
    const { nodes } = await run(BULK_FORMS, { ids: ids.slice(at, at + FORMS_AT_ONCE), longestText: LONGEST_TEXT });
    found.push(...(nodes ?? []).filter(isBulkTask));
  }
  return found;
}

export function useBulk(ids: readonly string[]): Bulk {
  const [tasks, setTasks] = useState<readonly BulkTask[] | null>(null);
  const [error, setError] = useState<Error | null>(null);
  const [isSending, setSending] = useState(false);
  const [outcomes, setOutcomes] = useState<readonly Outcome[] | null>(null);
  const [attempt, setAttempt] = useState(0);
  const [keys] = useState(() => new Map(ids.map((id) => [id, freshKey()])));

  useEffect(() => {
    let isOver = false;
    setError(null);
    readTasks(ids).then(
      (found) => !isOver && setTasks(found),
      (problem: Error) => !isOver && setError(problem),
    );
    return () => {
      isOver = true;
    };
  }, [ids, attempt]);

  const decide: Bulk["decide"] = async (verdict, chosen, comment) => {
    setSending(true);
    setError(null);
    const isApproval = verdict === "approve";
    const input = isApproval ? { submit: approvals(chosen, comment, keys) } : { reject: rejections(chosen, comment) };
    try {
      const { decideInputRequests: came } = await run(BULK_DECIDE, { input }, "mutation");
      setOutcomes(outcomesOf(chosen, isApproval ? came.submitted : came.rejected, isApproval ? "Approved" : "Rejected"));
    } catch (problem) {
      setError(problem as Error);
    }
    setSending(false);
  };

  return { tasks, error, isSending, outcomes, retry: () => setAttempt(attempt + 1), decide };
}
