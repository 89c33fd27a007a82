/** All workflows: what each does, and why one cannot be started now. */
import { useMemo, type KeyboardEvent } from "react";
import { Link, useLocation } from "wouter";
import { run } from "../../api/client";
import { useReading } from "../../api/useReading";
import { addresses } from "../../app/addresses";
import { useParameter } from "../../app/search";
import { Problem } from "../../components/Problem";
import { usePageTitle } from "../../components/Announcer";
import type { StartableWorkflowsQuery } from "../../gql/graphql";
import { WORKFLOWS } from "../../operations/forms";
import { counted, workflowTitle } from "../../words";
import { useEngineEvents } from "./useEngineEvents";
import { commonReason, grouped, type WorkflowRow } from "./workflowList";
import "../../styles/start.css";

async function allWorkflows(): Promise<WorkflowRow[]> {
  const rows: WorkflowRow[] = [];
  let after: string | null = null;
  do {
    const page: StartableWorkflowsQuery = await run(WORKFLOWS, { after });
    rows.push(...(page.workflows?.nodes ?? []));
    after = page.workflows?.pageInfo.hasNextPage ? page.workflows.pageInfo.endCursor : null;
  } while (after !== null);
  return rows;
}

export default function StartList() {
  usePageTitle("Start a workflow");
  const { data, error, again } = useReading(allWorkflows, "workflows");
  useEngineEvents(again);
  const [[search = ""], setSearch] = useParameter("search");
  const [, navigate] = useLocation();
  const groups = useMemo(() => grouped(data ?? [], search), [data, search]);
  const reason = useMemo(() => commonReason(data ?? []), [data]);
  const count = groups.reduce((sum, { rows }) => sum + rows.length, 0);
  const openFirst = (event: KeyboardEvent): void => {
    const first = groups.flatMap(({ rows }) => rows).find(({ blockedReason }) => blockedReason === null);
    if (event.key === "Enter" && first) navigate(addresses.start(first.name));
  };
  return (
    <section className="start-page" aria-labelledby="start-title">
      <div className="page-head">
        <h1 id="start-title">Start a workflow</h1>
      </div>
      <input
        type="search"
        className="start-search"
        aria-label="Search workflows"
        placeholder="Search: name, purpose, kind. Enter opens the first one."
        value={search}
        onChange={(event) => setSearch([event.target.value])}
        onKeyDown={openFirst}
        autoFocus
      />
      {error && <Problem error={error} title="The workflows were not read." onRetry={again} />}
      <p className="muted" role="status">
        {data ? counted(count, "workflow") : !error && "Reading…"}
      </p>
      {reason && (
        <p className="callout" role="status">
          {reason}
        </p>
      )}
      {groups.map(({ target, title, rows }) => (
        <section key={target} aria-labelledby={`start-${target}`}>
          <h2 id={`start-${target}`}>{title}</h2>
          <ul className="cards">
            {rows.map((row) => (
              <li key={row.name}>
                <Card row={row} isReasonAbove={reason !== null} />
              </li>
            ))}
          </ul>
        </section>
      ))}
    </section>
  );
}

function Card({ row, isReasonAbove }: { row: WorkflowRow; isReasonAbove: boolean }) {
  const { name, description, blockedReason } = row;
  const title = workflowTitle(row);
  const words = (
    <>
      <strong>{title}</strong>
      {description && description !== title && <span className="muted">{description}</span>}
      {/* Scripts and the command line start it by this name. */}
      <code className="muted">{name}</code>
    </>
  );
  if (blockedReason === null)
    return (
      <Link className="card" href={addresses.start(name)}>
        {words}
      </Link>
    );
  return (
    <div className="card blocked">
      {words}
      {!isReasonAbove && <span className="error">{blockedReason}</span>}
    </div>
  );
}
