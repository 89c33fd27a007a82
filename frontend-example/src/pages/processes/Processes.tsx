/** All processes: search, filters in the address, rows that stay where they are. */
import { useEffect, useMemo, useSyncExternalStore } from "react";
import { Link } from "wouter";
import { run } from "../../api/client";
import { onEvents } from "../../api/stream";
import { useLive } from "../../api/useLive";
import { addresses } from "../../app/addresses";
import { useParameter } from "../../app/search";
import { usePageTitle } from "../../components/Announcer";
import { StatusIcon } from "../../components/Badge";
import type { ProcessFilter, ProcessStatus } from "../../gql/graphql";
import { PROCESSES, STATS } from "../../operations/processes";
import { lookOf, PROCESS_STATUSES } from "../../status";
import { ProcessList, type Read, type Shown } from "./processList";
import { ProcessTable } from "./ProcessTable";

const read: Read = async (variables) => {
  const { processes } = await run(PROCESSES, variables);
  const { nodes = [], pageInfo } = processes ?? {};
  return { rows: nodes, hasMore: pageInfo?.hasNextPage ?? false, cursor: pageInfo?.endCursor ?? null };
};

export default function Processes() {
  usePageTitle("Processes");
  const [statuses, setStatuses] = useParameter("status");
  const key = statuses.join();
  const filter = useMemo<ProcessFilter>(() => (key ? { statuses: key.split(",") as ProcessStatus[] } : {}), [key]);
  const [list, shown] = useProcessList(filter);
  return (
    <section aria-labelledby="processes-title">
      <div className="page-head">
        <h2 id="processes-title">Processes</h2>
        <Link className="button primary" href={addresses.start()}>
          Start a workflow
        </Link>
      </div>
      <StatusChips chosen={statuses} onChoose={setStatuses} />
      {shown.newCount > 0 && (
        <button type="button" className="new-rows" onClick={() => list.showNew()}>
          {shown.newCount} new
        </button>
      )}
      {shown.error && <p className="error">{shown.error.message}</p>}
      <ProcessTable shown={shown} onEnd={() => void list.more()} />
    </section>
  );
}

function useProcessList(filter: ProcessFilter): [ProcessList, Shown] {
  const list = useMemo(() => new ProcessList(read, filter), [filter]);
  useEffect(() => {
    void list.reload();
    const stop = onEvents((events, isFresh) => {
      if (isFresh) void list.reload();
      else list.touch(events.map(({ processId }) => processId).filter((id) => id !== null && id !== undefined));
    });
    return () => {
      stop();
      list.close();
    };
  }, [list]);
  return [list, useSyncExternalStore(list.subscribe, list.get)];
}

/** One chip a status, with its count; several may be chosen. */
function StatusChips({ chosen, onChoose }: { chosen: readonly string[]; onChoose: (statuses: string[]) => void }) {
  const { data } = useLive(STATS, {}, { concerns: ({ processId }) => processId !== null });
  const counts = new Map(data?.stats?.processesByStatus.map(({ status, count }) => [status as string, count]));
  return (
    <div className="chips" role="group" aria-label="Filter by status">
      {PROCESS_STATUSES.filter((status) => counts.get(status) || chosen.includes(status)).map((status) => {
        const isChosen = chosen.includes(status);
        const others = chosen.filter((other) => other !== status);
        return (
          <button
            key={status}
            type="button"
            className={`chip tone-${lookOf(status).tone}`}
            aria-pressed={isChosen}
            onClick={() => onChoose(isChosen ? others : [...others, status])}
          >
            <StatusIcon status={status} />
            {lookOf(status).word} <b>{(counts.get(status) ?? 0).toLocaleString()}</b>
          </button>
        );
      })}
    </div>
  );
}
