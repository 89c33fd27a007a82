/** The audit log: who decided what, when, about which process and why; and whether the log is as it was written. */
import { useCallback, useMemo } from "react";
import { Link, useSearchParams } from "wouter";
import { run } from "../../api/client";
import type { Source } from "../../api/rowList";
import { useRowList } from "../../api/useRowList";
import { useStore } from "../../api/store";
import { addresses } from "../../app/addresses";
import { usePageTitle } from "../../components/Announcer";
import { FilterChoice, FilterText } from "../../components/FilterText";
import { isForbidden, NoAccess } from "../../components/NoAccess";
import { Problem } from "../../components/Problem";
import { Time } from "../../components/Time";
import { zone } from "../../preferences";
import { NewRows, VirtualTable } from "../../components/VirtualTable";
import type { AuditRowFragment } from "../../gql/graphql";
import { AUDIT } from "../../operations/audit";
import "../../styles/audit.css";
import { Details } from "./Details";
import { ACTIONS } from "./entry";
import { filterOf, instantOf, localOf, readFilters, writeFilters, type Filters } from "./filters";
import { Verification } from "./Verification";
import { Export } from "./Export";

const COLUMNS = ["When", "Who", "Action", "Process", "Details"];

export default function Audit() {
  usePageTitle("Audit log");
  const [parameters, setParameters] = useSearchParams();
  const text = parameters.toString();
  const filters = useMemo(() => readFilters(new URLSearchParams(text)), [text]);
  const change = (changed: Partial<Filters>): void =>
    setParameters((before) => writeFilters({ ...readFilters(before), ...changed }), { replace: true });
  const source = useMemo(() => sourceOf(filters), [filters]);
  const [list, shown] = useRowList(source, (rows) => rows.peekSoon());
  const more = useCallback(() => void list.more(), [list]);
  return (
    <section aria-labelledby="audit-title">
      <div className="page-head">
        <h2 id="audit-title">Audit log</h2>
        {!isForbidden(shown.error) && <Export />}
      </div>
      {isForbidden(shown.error) ? (
        <NoAccess what="the audit log" permission="READ_AUDIT" />
      ) : (
        <>
          <Verification />
          <FilterBar filters={filters} change={change} seen={shown.rows} />
          {shown.error && (
            <Problem error={shown.error} title="The log was not read." onRetry={() => void list.reload()} isRetrying={shown.isReading} />
          )}
          <NewRows count={shown.newCount} onShow={() => list.showNew()} />
          {(!shown.error || shown.rows.length > 0) && (
            <VirtualTable
              label="Audit log"
              columns={COLUMNS}
              shown={shown}
              empty={writeFilters(filters).size ? "No entry matches." : "Nothing was decided yet."}
              onEnd={more}
              cells={cellsOf}
            />
          )}
        </>
      )}
    </section>
  );
}

function sourceOf(filters: Filters): Source<AuditRowFragment> {
  const filter = filterOf(filters);
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

interface FilterBarProps {
  filters: Filters;
  change: (changed: Partial<Filters>) => void;
  seen: readonly AuditRowFragment[];
}

function FilterBar({ filters, change, seen }: FilterBarProps) {
  const clock = useStore(zone);
  const actors = useMemo(() => [...new Set(seen.flatMap(({ actor }) => (actor ? [actor.id] : [])))], [seen]);
  const actions = [...new Set([...ACTIONS, ...seen.map(({ action }) => action), filters.action])].filter(Boolean).sort();
  const options: readonly (readonly [string, string])[] = [["", "All"], ...actions.map((each) => [each, each] as const)];
  const clockName = clock === "UTC" ? " (UTC)" : "";
  return (
    <div className="filters" role="search" aria-label="Filter the audit log">
      <FilterChoice label="Action" value={filters.action} options={options} onChange={(action) => change({ action })} />
      <FilterText label="Who (id)" value={filters.actor} suggestions={actors} onChange={(actor) => change({ actor })} />
      <FilterText label="Process (id)" isWide value={filters.process} onChange={(process) => change({ process })} />
      <FilterText
        label={`From${clockName}`}
        type="datetime-local"
        value={localOf(filters.from, clock)}
        onChange={(typed) => change({ from: instantOf(typed, clock) })}
      />
      <FilterText
        label={`Before${clockName}`}
        type="datetime-local"
        value={localOf(filters.to, clock)}
        onChange={(typed) => change({ to: instantOf(typed, clock) })}
      />
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
