/** The notifications to people and systems outside: what was sent, what waits, what was given up and may be sent again. */
import { useCallback, useEffect, useMemo } from "react";
import { useSearchParams } from "wouter";
import { run } from "../../api/client";
import type { RowList, Source } from "../../api/rowList";
import { useRowList } from "../../api/useRowList";
import { usePageTitle } from "../../components/Announcer";
import { StatusIcon } from "../../components/Badge";
import { FilterText } from "../../components/FilterText";
import { isForbidden, NoAccess } from "../../components/NoAccess";
import { Problem } from "../../components/Problem";
import { NewRows, VirtualTable } from "../../components/VirtualTable";
import type { NotificationRowFragment } from "../../gql/graphql";
import { NOTIFICATIONS, NOTIFICATIONS_BY_ID } from "../../operations/notifications";
import { lookOf } from "../../status";
import "../../styles/notifications.css";
import { filterOf, readFilters, STATUSES, writeFilters, type Filters } from "./filters";
import { Cells, statusKey } from "./Cells";
import { ResendAll } from "./ResendAll";

const COLUMNS = ["Notification", "Target", "Status", "Tries", "Action"];

/** The API has no event for a try: what waits to be sent is looked at again. */
const LOOK_EVERY = 3_000;

export default function Notifications() {
  usePageTitle("Notifications");
  const [parameters, setParameters] = useSearchParams();
  const text = parameters.toString();
  const filters = useMemo(() => readFilters(new URLSearchParams(text)), [text]);
  const change = (changed: Partial<Filters>): void =>
    setParameters((before) => writeFilters({ ...readFilters(before), ...changed }), { replace: true });
  const source = useMemo(() => sourceOf(filters), [filters]);
  const [list, shown] = useRowList(source, (rows) => rows.peekSoon());
  useLooking(list);
  const more = useCallback(() => void list.more(), [list]);
  const resent = useCallback((ids: readonly string[]) => list.touch(ids), [list]);
  const dead = shown.rows.filter(({ status }) => status === "DEAD");

  if (isForbidden(shown.error)) {
    return (
      <section aria-labelledby="notifications-title">
        <h2 id="notifications-title">Notifications</h2>
        <NoAccess what="the notifications" permission="MANAGE_ENGINE" />
      </section>
    );
  }
  return (
    <section aria-labelledby="notifications-title">
      <div className="page-head">
        <h2 id="notifications-title">Notifications</h2>
        {dead.length > 1 && <ResendAll ids={dead.map(({ id }) => id)} onResent={resent} />}
      </div>
      <FilterBar filters={filters} change={change} seen={shown.rows} />
      {shown.error && (
        <Problem error={shown.error} title="The list was not read." onRetry={() => void list.reload()} isRetrying={shown.isReading} />
      )}
      <NewRows count={shown.newCount} onShow={() => list.showNew()} />
      {(!shown.error || shown.rows.length > 0) && (
        <VirtualTable
          label="Notifications"
          columns={COLUMNS}
          shown={shown}
          empty={writeFilters(filters).size ? "No notification matches." : <Nothing />}
          onEnd={more}
          cells={(row) => <Cells row={row} onResent={resent} />}
        />
      )}
    </section>
  );
}

function sourceOf(filters: Filters): Source<NotificationRowFragment> {
  const filter = filterOf(filters);
  return {
    page: async (first, after) => {
      const { notifications } = await run(NOTIFICATIONS, { first, after, filter });
      const { nodes = [], pageInfo } = notifications ?? {};
      return { rows: nodes, hasMore: pageInfo?.hasNextPage ?? false, cursor: pageInfo?.endCursor ?? null };
    },
    byIds: async (ids) => {
      const { nodes } = await run(NOTIFICATIONS_BY_ID, { ids: [...ids] });
      return nodes?.filter((node): node is NotificationRowFragment => node !== null && "tries" in node) ?? [];
    },
    // Ids of notifications grow with time.
    compare: (a, b) => b.createdAt.localeCompare(a.createdAt) || b.id.localeCompare(a.id),
  };
}

/** Follow what waits to be sent while somebody looks. */
function useLooking(list: RowList<NotificationRowFragment>): void {
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.hidden) return;
      list.touch(list.get().rows.flatMap(({ id, status }) => (status === "PENDING" ? [id] : [])));
    }, LOOK_EVERY);
    return () => clearInterval(timer);
  }, [list]);
}

function Nothing() {
  return (
    <p>
      Nothing was sent. Webhooks are set by <code>ORCHESTRATOR_WEBHOOKS</code>, mails to teams by <code>ORCHESTRATOR_SMTP</code> and{" "}
      <code>ORCHESTRATOR_TEAMS</code>.
    </p>
  );
}

interface FilterBarProps {
  filters: Filters;
  change: (changed: Partial<Filters>) => void;
  seen: readonly NotificationRowFragment[];
}

function FilterBar({ filters, change, seen }: FilterBarProps) {
  const targets = useMemo(() => [...new Set(seen.map(({ target }) => target))], [seen]);
  const { statuses } = filters;
  return (
    <div className="filters" role="search" aria-label="Filter the notifications">
      <FilterText
        label="Target"
        value={filters.target}
        placeholder="webhook:NAME or mail:TEAM"
        suggestions={targets}
        onChange={(target) => change({ target })}
      />
      <FilterText label="Process (id)" isWide value={filters.process} onChange={(process) => change({ process })} />
      <div className="chips" role="group" aria-label="Filter by status">
        {STATUSES.map((status) => {
          const isChosen = statuses.includes(status);
          const { tone, word } = lookOf(statusKey(status));
          return (
            <button
              key={status}
              type="button"
              className={`chip tone-${tone}`}
              aria-pressed={isChosen}
              onClick={() => change({ statuses: isChosen ? statuses.filter((other) => other !== status) : [...statuses, status] })}
            >
              <StatusIcon status={statusKey(status)} />
              {word}
            </button>
          );
        })}
      </div>
    </div>
  );
}
