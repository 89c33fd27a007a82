/** The audit log: who decided what, when, about which process and why; and whether the log is as it was written. */
import { useCallback, useMemo, useRef } from "react";
import { Link } from "wouter";
import { run } from "../../api/client";
import type { Source } from "../../api/rowList";
import { useStore } from "../../api/store";
import { useEvery } from "../../api/useEvery";
import { useRowList } from "../../api/useRowList";
import { addresses } from "../../app/addresses";
import { usePageTitle } from "../../components/Announcer";
import { ActiveFilters } from "../../components/filters/ActiveFilters";
import { Choice } from "../../components/filters/Choice";
import { Moment } from "../../components/filters/Moment";
import { Pick } from "../../components/filters/Pick";
import type { Thing } from "../../components/filters/picking";
import { ProcessPick, useSubject } from "../../components/filters/ProcessPick";
import { useFilters, type Change } from "../../components/filters/useFilters";
import { isForbidden, NoAccess } from "../../components/NoAccess";
import { Problem } from "../../components/Problem";
import { Time } from "../../components/Time";
import { NewRows, VirtualTable } from "../../components/VirtualTable";
import type { AuditRowFragment } from "../../gql/graphql";
import { AUDIT } from "../../operations/audit";
import { zone } from "../../preferences";
import "../../styles/audit.css";
import { Details } from "./Details";
import { ACTIONS } from "./entry";
import { Export } from "./Export";
import { activeFilters, auditFilterOf, filtersOf, NAMES, type Filters } from "./filters";
import { Verification } from "./Verification";

/** Some actions make no event, and the seal of an entry comes about a second after it. */
const LOOK_EVERY = 5_000;

const COLUMNS = ["When", "Who", "Action", "Process", "Details"];

export default function Audit() {
  usePageTitle("Audit log");
  const { filters, change } = useFilters(filtersOf);
  const clock = useStore(zone);
  const source = useMemo(() => sourceOf(filters), [filters]);
  const [list, shown] = useRowList(source, (rows) => rows.peekSoon());
  useEvery(LOOK_EVERY, () => list.peekSoon());
  const more = useCallback(() => void list.more(), [list]);
  const actors = useActors(shown.rows);
  const actor = actors.find(({ id }) => id === filters.actor)?.words;
  const active = activeFilters({ ...filters, actor: actor ?? filters.actor, process: useSubject(filters.process) ?? filters.process }, clock);
  if (isForbidden(shown.error)) {
    return (
      <section aria-labelledby="audit-title">
        <h1 id="audit-title">Audit log</h1>
        <NoAccess what="the audit log" permission="READ_AUDIT" />
      </section>
    );
  }
  return (
    <section className="with-table" aria-labelledby="audit-title">
      <div className="page-head">
        <h1 id="audit-title">Audit log</h1>
        <Export />
      </div>
      <Verification />
      <FilterPanel filters={filters} seen={shown.rows} actors={actors} onChange={change} />
      <ActiveFilters active={active} names={NAMES} onChange={change} />
      {filters.problems.length > 0 && <p className="error">{filters.problems.join(" ")}</p>}
      {shown.error && <Problem error={shown.error} title="The audit log was not read." onRetry={() => void list.reload()} isRetrying={shown.isReading} />}
      <NewRows count={shown.newCount} onShow={() => void list.showNew()} />
      <VirtualTable
        label="Audit log"
        columns={COLUMNS}
        shown={shown}
        empty={active.length ? "No entry matches these filters." : "Nothing was decided yet."}
        onEnd={more}
        cells={cellsOf}
      />
    </section>
  );
}

function sourceOf(filters: Filters): Source<AuditRowFragment> {
  const filter = auditFilterOf(filters);
  return {
    page: async (first, after) => {
      const { audit } = await run(AUDIT, { first, after, filter });
      const { nodes = [], pageInfo } = audit ?? {};
      return { rows: nodes, hasMore: pageInfo?.hasNextPage ?? false, cursor: pageInfo?.endCursor ?? null };
    },
    // Ids of entries grow with time.
    compare: (a, b) => b.at.localeCompare(a.at) || b.id.localeCompare(a.id),
  };
}

/** Everybody who was seen in the log since the page was opened: a filter must not forget the others. */
function useActors(rows: readonly AuditRowFragment[]): readonly Thing[] {
  const known = useRef<readonly Thing[]>([]);
  return useMemo(() => {
    const seen = rows.flatMap(({ actor }) => (actor ? [{ id: actor.id, words: actor.name }] : []));
    known.current = [...new Map([...known.current, ...seen].map((thing) => [thing.id, thing])).values()];
    return known.current;
  }, [rows]);
}

/** Ids of people have no form of their own: a person who was not seen yet is found by the id. */
const isAnyText = (text: string): boolean => text !== "";

interface FilterPanelProps {
  filters: Filters;
  actors: readonly Thing[];
  seen: readonly AuditRowFragment[];
  onChange: Change;
}

function FilterPanel({ filters, seen, actors, onChange }: FilterPanelProps) {
  const actions = [...new Set([...ACTIONS, ...seen.map(({ action }) => action)])].sort();
  const choose = (name: string) => (value: string) => onChange({ [name]: value });
  return (
    <div className="filter-panel" role="search" aria-label="Filter the audit log">
      <Choice
        label="Action"
        value={filters.action}
        options={actions.map((action) => ({ value: action, label: action }))}
        onChoose={choose("action")}
      />
      <Pick
        label="Who"
        name="actor"
        value={filters.actor}
        placeholder="A name, or an id"
        things={actors}
        words={actors.find(({ id }) => id === filters.actor)?.words}
        isId={isAnyText}
        onChange={onChange}
      />
      <ProcessPick value={filters.process} onChange={onChange} />
      <Moment label="From" value={filters.from} onChoose={choose("from")} />
      <Moment label="Before" value={filters.to} onChoose={choose("to")} />
    </div>
  );
}

function cellsOf(entry: AuditRowFragment) {
  const { at, actor, action, process, address, method } = entry;
  return (
    <>
      <th scope="row" role="rowheader">
        <Time at={at} />
      </th>
      <td role="cell">
        {actor?.name ?? <span className="muted">the engine</span>}
        {address && (
          <span className="second">
            {address} · {method}
          </span>
        )}
      </td>
      <td role="cell">
        <code>{action}</code>
      </td>
      <td role="cell">
        {process ? <Link href={addresses.process(process.id)}>{process.subject}</Link> : <span className="muted">–</span>}
      </td>
      <td role="cell">
        <Details entry={entry} />
      </td>
    </>
  );
}
