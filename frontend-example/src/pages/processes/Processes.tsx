/** All processes: search, filters in the address, rows that stay where they are. */
import { lazy, Suspense, useMemo, useState } from "react";
import { Link } from "wouter";
import { newWords, type RowList, type Shown } from "../../api/rowList";
import { useRowList } from "../../api/useRowList";
import { addresses } from "../../app/addresses";
import { useViewer } from "../../app/viewer";
import { useStore } from "../../api/store";
import { usePageTitle } from "../../components/Announcer";
import { ActiveFilters } from "../../components/filters/ActiveFilters";
import { Choice } from "../../components/filters/Choice";
import { toggled } from "../../components/filters/address";
import { SearchField } from "../../components/filters/SearchField";
import { useFilters, type Change } from "../../components/filters/useFilters";
import { Problem } from "../../components/Problem";
import type { ProcessRowFragment } from "../../gql/graphql";
import { zone } from "../../preferences";
import "../../styles/filters.css";
import "../../styles/processes.css";
import { activeFilters, filtersOf, NAMES, processFilterOf } from "./filters";
import { NEWEST_FIRST, ORDER_OPTIONS, orderOf } from "./orders";
import { ProcessTable } from "./ProcessTable";
import { sourceOf } from "./source";
import { StatusChips } from "./StatusChips";

type Row = ProcessRowFragment;

const FilterPanel = lazy(() => import("./FilterPanel"));

export default function Processes() {
  usePageTitle("Processes");
  const { filters, change } = useFilters(filtersOf);
  const { viewer } = useViewer();
  const clock = useStore(zone);
  const [isOpen, setOpen] = useState(false);
  const filter = useMemo(() => processFilterOf(filters), [filters]);
  const source = useMemo(() => sourceOf(filter, orderOf(filters.order)), [filter, filters.order]);
  const [list, shown] = useRowList(source, (rows, events) => rows.touch(events.flatMap(({ processId }) => processId ?? [])));
  return (
    <section className="processes" aria-labelledby="processes-title">
      <div className="page-head">
        <h1 id="processes-title">Processes</h1>
        <Link className="button primary" href={addresses.start()}>
          Start a workflow
        </Link>
      </div>
      <div className="filter-bar">
        <SearchField label="Search subject, workflow, note or id" name="q" value={filters.q} onChange={change} />
        <button type="button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          Filters
        </button>
        <Choice label="Order" value={filters.order} options={ORDER_OPTIONS} none={NEWEST_FIRST} onChoose={(order) => change({ order })} />
      </div>
      {isOpen && (
        <Suspense fallback={<p className="muted">Loading…</p>}>
          <FilterPanel filters={filters} rows={shown.rows} viewer={viewer} onChange={change} />
        </Suspense>
      )}
      <StatusChips filter={filter} chosen={filters.status} onToggle={(status) => change({ status: toggled(filters.status, status) })} />
      <ActiveFilters active={activeFilters(filters, viewer?.id ?? null, clock)} names={NAMES} onChange={change} />
      {filters.problems.length > 0 && <p className="error">{filters.problems.join(" ")}</p>}
      <ListLine list={list} shown={shown} />
      {shown.error && <Problem error={shown.error} title="The processes were not read." onRetry={() => void list.reload()} />}
      {shown.rows.length > 0 ? (
        <ProcessTable shown={shown} onEnd={() => void list.more()} />
      ) : (
        <Empty shown={shown} isFiltered={Object.keys(filter).length > 0} onChange={change} />
      )}
    </section>
  );
}

/** How much is shown, and what is new. The line is always there, so nothing below it moves. */
function ListLine({ list, shown: { rows, hasMore, isReading, isLoaded, newCount, strays } }: { list: RowList<Row>; shown: Shown<Row> }) {
  const count = `${rows.length.toLocaleString()} shown${hasMore ? ", more below" : ""}`;
  return (
    <div className="list-line" role="status">
      <span className="muted">{isReading ? "Reading…" : isLoaded && rows.length > 0 ? count : ""}</span>
      {newCount > 0 && (
        <button type="button" className="new-rows" onClick={() => void list.showNew()}>
          {newWords(newCount)} new
        </button>
      )}
      {strays.size > 0 && (
        <button type="button" className="quiet" onClick={() => void list.reload()}>
          Refresh ({strays.size} no longer {strays.size === 1 ? "matches" : "match"})
        </button>
      )}
    </div>
  );
}

function Empty({ shown, isFiltered, onChange }: { shown: Shown<Row>; isFiltered: boolean; onChange: Change }) {
  if (!shown.isLoaded) return null;
  if (isFiltered)
    return (
      <div className="empty">
        <p>No process matches these filters.</p>
        <button type="button" onClick={() => onChange(Object.fromEntries(NAMES.map((name) => [name, ""])))}>
          Clear all filters
        </button>
      </div>
    );
  return (
    <p className="empty">
      No process yet. <Link href={addresses.start()}>Start a workflow</Link> and follow it here.
    </p>
  );
}
