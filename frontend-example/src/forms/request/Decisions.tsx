/** What people and policies decided about a form: who, when, and in which words. */
import { lazy, Suspense, useState } from "react";
import { Time } from "../../components/Time";
import { readable } from "../../visible";
import { ENDS, verdictWords, whoWords, type Asked, type Decision, type Request } from "./facts";

const Result = lazy(() => import("../../components/output/Result"));

export function DecisionLine({ decision, asked }: { decision: Decision; asked: Asked }) {
  return (
    <>
      {verdictWords(decision, asked)}
      {whoWords(decision)} at <Time at={decision.at} />
      {decision.comment && <q>{readable(decision.comment)}</q>}
    </>
  );
}

/** All decisions, and how the request ended if none of them ended it. */
export function Decisions({ request }: { request: Request }) {
  const { decisions, status, closedAt } = request;
  const end = ENDS[status];
  if (!decisions.length && !end) return null;
  return (
    <ul className="decided" aria-label="Decisions">
      {decisions.map((decision, index) => (
        <li key={index}>
          <DecisionLine decision={decision} asked={request} />
        </li>
      ))}
      {end && (
        <li>
          {end}
          {closedAt && (
            <>
              , at <Time at={closedAt} />
            </>
          )}
          .
        </li>
      )}
    </ul>
  );
}

/** What was submitted: the same for all who approved. */
export function Submitted({ request }: { request: Request }) {
  const [isOpen, setOpen] = useState(false);
  const decision = request.decisions.find(({ pages }) => pages && pages.some(hasContent));
  if (!decision?.pages) return null;
  const pages = decision.pages.filter(hasContent);
  return (
    <details className="submitted" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>What was submitted</summary>
      {isOpen && (
        <Suspense fallback={<p className="muted">Loading…</p>}>
          <Result value={pages.length === 1 ? (pages[0] ?? null) : pages} fileName={`form-${request.id}.json`} />
        </Suspense>
      )}
    </details>
  );
}

const hasContent = (page: unknown): boolean => typeof page === "object" && page !== null && Object.keys(page).length > 0;
