/** My tasks: what waits for a person, the overdue first, and deciding many at once. */
import { lazy, Suspense, useMemo, useState } from "react";
import { useLive } from "../../api/useLive";
import { useViewer } from "../../app/viewer";
import { usePageTitle } from "../../components/Announcer";
import { ActiveFilters } from "../../components/filters/ActiveFilters";
import { Choice } from "../../components/filters/Choice";
import { optionsOf, workflowOptions } from "../../components/filters/options";
import { SearchField } from "../../components/filters/SearchField";
import { useFilters, type Change } from "../../components/filters/useFilters";
import { Problem } from "../../components/Problem";
import { INBOX_CHOICES } from "../../operations/inbox";
import "../../styles/filters.css";
import "../../styles/inbox.css";
import { MOST_AT_ONCE, withChoice } from "./bulk";
import { activeFilters, filtersOf, NAMES, requestFilterOf, SHELVES, type Filters, type Shelf } from "./filters";
import type { Shown, TaskList, TaskRow as Row } from "./taskList";
import { isDecidable, TaskRow } from "./TaskRow";
import { useTaskList } from "./useTaskList";

const BulkDialog = lazy(() => import("./BulkDialog"));

export default function Inbox() {
  usePageTitle("My tasks");
  const { filters, change } = useFilters(filtersOf);
  const { viewer, permissions } = useViewer();
  const viewerId = viewer?.id ?? null;
  const filter = useMemo(() => requestFilterOf(filters, viewerId), [filters, viewerId]);
  const [list, shown] = useTaskList(filter);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const decidable = idsOf(shown.rows.filter(isDecidable));
  const choose = (ids: readonly string[], isChosen: boolean): void => setChosen(withChoice(chosen, decidable, ids, isChosen));
  return (
    <section className="inbox" aria-labelledby="inbox-title">
      <div className="page-head">
        <h1 id="inbox-title">My tasks</h1>
      </div>
      <FilterBar filters={filters} onChange={change} />
      <ActiveFilters active={activeFilters(filters)} names={NAMES} onChange={change} />
      {shown.error && <Problem error={shown.error} title="The tasks were not read." onRetry={() => void list.refresh()} />}
      <ListLine list={list} shown={shown} ids={decidable} chosen={chosen} onChoose={choose} />
      {shown.rows.length > 0 && (
        <ul className="tasks" aria-busy={shown.isReading}>
          {shown.rows.map((row) => (
            <TaskRow
              key={row.task.id}
              row={row}
              viewerId={viewerId}
              permissions={permissions}
              isChosen={chosen.has(row.task.id)}
              onChoose={(isChosen) => choose([row.task.id], isChosen)}
            />
          ))}
        </ul>
      )}
      {shown.isLoaded && !shown.rows.length && (
        <p className="empty">{activeFilters(filters).length ? "No task matches these filters." : SHELVES[filters.shelf].empty}</p>
      )}
      {shown.hasMore && <More list={list} shown={shown} />}
    </section>
  );
}

function FilterBar({ filters, onChange }: { filters: Filters; onChange: Change }) {
  const { data } = useLive(INBOX_CHOICES, {}, { concerns: () => false });
  const workflows = data?.workflows?.nodes ?? [];
  const teams = [...workflows.flatMap(({ steps }) => steps.map(({ assignee }) => assignee)), ...(data?.viewer.assignees ?? [])];
  return (
    <>
      <div className="chips" role="group" aria-label="Which tasks">
        {(Object.keys(SHELVES) as Shelf[]).map((shelf) => (
          <button
            key={shelf}
            type="button"
            className="chip shelf tone-person"
            aria-pressed={shelf === filters.shelf}
            onClick={() => onChange({ show: shelf === "mine" ? "" : shelf })}
          >
            {SHELVES[shelf].name}
          </button>
        ))}
      </div>
      <div className="filter-bar">
        <SearchField label="Search subject, workflow, note or id" name="q" value={filters.q} onChange={onChange} />
        <Choice
          label="Team"
          value={filters.team}
          options={optionsOf(teams.filter((team) => team !== null).map(({ key, name }) => [key, name]))}
          onChoose={(team) => onChange({ team })}
        />
        <Choice
          label="Workflow"
          value={filters.workflow}
          options={workflowOptions(workflows)}
          onChoose={(workflow) => onChange({ workflow })}
        />
      </div>
    </>
  );
}

interface LineProps {
  list: TaskList;
  shown: Shown;
  /** The tasks that may be chosen. */
  ids: readonly string[];
  chosen: ReadonlySet<string>;
  onChoose: (ids: readonly string[], isChosen: boolean) => void;
}

/** Choose all, and decide what is chosen. The line is always there, so nothing below it moves. */
function ListLine({ list, shown, ids, chosen, onChoose }: LineProps) {
  const [deciding, setDeciding] = useState<readonly string[] | null>(null);
  const now = ids.filter((id) => chosen.has(id));
  const gone = shown.rows.filter(({ isGone }) => isGone).length;
  const isAll = now.length > 0 && now.length === Math.min(ids.length, MOST_AT_ONCE);
  const close = (): void => {
    setDeciding(null);
    list.touch();
  };
  return (
    <div className="list-line">
      {ids.length > 0 && (
        <label className="tick">
          <input
            type="checkbox"
            checked={isAll}
            ref={(box) => {
              if (box) box.indeterminate = now.length > 0 && !isAll;
            }}
            onChange={({ target }) => onChoose(ids, target.checked)}
          />
          {ids.length > MOST_AT_ONCE ? `Choose the first ${MOST_AT_ONCE}` : `Choose all ${ids.length}`}
        </label>
      )}
      {now.length > 0 && (
        <button type="button" className="primary" onClick={() => setDeciding(now)}>
          Decide {now.length}…
        </button>
      )}
      <span className="muted" role="status">
        {shown.isLoaded ? "" : "Reading…"}
        {gone > 0 && `${gone} no longer ${gone === 1 ? "waits" : "wait"} for you`}
      </span>
      {gone > 0 && (
        <button type="button" className="quiet" onClick={() => void list.refresh()}>
          Refresh
        </button>
      )}
      {deciding && (
        <Suspense fallback={null}>
          <BulkDialog ids={deciding} onClose={close} />
        </Suspense>
      )}
    </div>
  );
}

const idsOf = (rows: readonly Row[]): string[] => rows.map(({ task }) => task.id);

function More({ list, shown }: { list: TaskList; shown: Shown }) {
  if (shown.rows.length >= 200) return <p className="empty">More tasks wait. Use a filter to see them.</p>;
  return (
    <button type="button" className="quiet wide" disabled={shown.isReading} onClick={() => void list.more()}>
      Show more
    </button>
  );
}
