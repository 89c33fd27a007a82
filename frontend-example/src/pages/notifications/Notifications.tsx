/** The notifications to people and systems outside: what was sent, what waits, what was given up and may be sent again. */
import { useCallback, useMemo } from "react";
import { run } from "../../api/client";
import type { Source } from "../../api/rowList";
import { useEvery } from "../../api/useEvery";
import { useRowList } from "../../api/useRowList";
import { usePageTitle } from "../../components/Announcer";
import { ActiveFilters } from "../../components/filters/ActiveFilters";
import { toggled } from "../../components/filters/address";
import { StatusChips } from "../../components/filters/StatusChips";
import { ProcessPick, useSubject } from "../../components/filters/ProcessPick";
import { TextField } from "../../components/filters/TextField";
import { useFilters, type Change } from "../../components/filters/useFilters";
import { isForbidden, NoAccess } from "../../components/NoAccess";
import { Problem } from "../../components/Problem";
import { NewRows, VirtualTable } from "../../components/VirtualTable";
import type { NotificationRowFragment } from "../../gql/graphql";
import { NOTIFICATIONS, NOTIFICATIONS_BY_ID } from "../../operations/notifications";
import "../../styles/notifications.css";
import { Cells, statusKey } from "./Cells";
import { activeFilters, filtersOf, NAMES, notificationFilterOf, STATUSES, type Filters } from "./filters";
import { ResendAll } from "./ResendAll";

const COLUMNS = ["Notification", "Target", "Status", "Tries", "Action"];

/** The API has no event for a notification or a try: one is made some time after the event that it reports. */
const LOOK_EVERY = 3_000;

export default function Notifications() {
  usePageTitle("Notifications");
  const { filters, change } = useFilters(filtersOf);
  const source = useMemo(() => sourceOf(filters), [filters]);
  const [list, shown] = useRowList(source, (rows) => rows.peekSoon());
  useEvery(LOOK_EVERY, () => {
    list.peekSoon();
    list.touch(shown.rows.flatMap(({ id, status }) => (status === "PENDING" ? [id] : [])));
  });
  const more = useCallback(() => void list.more(), [list]);
  const resent = useCallback((ids: readonly string[]) => list.touch(ids), [list]);
  const subject = useSubject(filters.process);
  const dead = shown.rows.filter(({ status }) => status === "DEAD");

  if (isForbidden(shown.error)) {
    return (
      <section aria-labelledby="notifications-title">
        <h1 id="notifications-title">Notifications</h1>
        <NoAccess what="the notifications" permission="MANAGE_ENGINE" />
      </section>
    );
  }
  return (
    <section className="with-table" aria-labelledby="notifications-title">
      <div className="page-head">
        <h1 id="notifications-title">Notifications</h1>
        {dead.length > 1 && <ResendAll ids={dead.map(({ id }) => id)} onResent={resent} />}
      </div>
      <FilterPanel filters={filters} seen={shown.rows} onChange={change} />
      <StatusChips
        statuses={STATUSES}
        chosen={filters.status}
        keyOf={statusKey}
        onToggle={(status) => change({ status: toggled(filters.status, status) })}
      />
      <ActiveFilters active={activeFilters({ ...filters, process: subject ?? filters.process })} names={NAMES} onChange={change} />
      {filters.problems.length > 0 && <p className="error">{filters.problems.join(" ")}</p>}
      {shown.error && <Problem error={shown.error} title="The notifications were not read." onRetry={() => void list.reload()} isRetrying={shown.isReading} />}
      <NewRows count={shown.newCount} onShow={() => void list.showNew()} />
      <VirtualTable
        label="Notifications"
        columns={COLUMNS}
        shown={shown}
        empty={Object.keys(notificationFilterOf(filters)).length ? "No notification matches these filters." : <Nothing />}
        onEnd={more}
        cells={(row) => <Cells row={row} onResent={resent} />}
      />
    </section>
  );
}

function sourceOf(filters: Filters): Source<NotificationRowFragment> {
  const filter = notificationFilterOf(filters);
  return {
    page: async (first, after) => {
      const { notifications } = await run(NOTIFICATIONS, { first, after, filter });
      const { nodes = [], pageInfo } = notifications ?? {};
      return { rows: nodes, hasMore: pageInfo?.hasNextPage ?? false, cursor: pageInfo?.endCursor ?? null };
    },
    ignoresFilter: true,
    byIds: async (ids) => {
      const { nodes } = await run(NOTIFICATIONS_BY_ID, { ids: [...ids] });
      return nodes?.filter((node): node is NotificationRowFragment => node !== null && "tries" in node) ?? [];
    },
    // Ids of notifications grow with time.
    compare: (a, b) => b.createdAt.localeCompare(a.createdAt) || b.id.localeCompare(a.id),
  };
}

function Nothing() {
  return (
    <p>
      Nothing was sent. Webhooks are set by <code>ORCHESTRATOR_WEBHOOKS</code>, mails to teams by <code>ORCHESTRATOR_SMTP</code> and{" "}
      <code>ORCHESTRATOR_TEAMS</code>.
    </p>
  );
}

interface FilterPanelProps {
  filters: Filters;
  seen: readonly NotificationRowFragment[];
  onChange: Change;
}

function FilterPanel({ filters, seen, onChange }: FilterPanelProps) {
  const targets = useMemo(() => [...new Set(seen.map(({ target }) => target))], [seen]);
  return (
    <div className="filter-panel" role="search" aria-label="Filter the notifications">
      <TextField
        label="Target"
        name="target"
        value={filters.target}
        placeholder="webhook:NAME or mail:TEAM"
        suggestions={targets}
        onChange={onChange}
      />
      <ProcessPick value={filters.process} onChange={onChange} />
    </div>
  );
}
