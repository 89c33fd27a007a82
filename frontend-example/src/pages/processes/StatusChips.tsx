/** One chip a status, with the number of processes in it; several may be chosen. */
import { useMemo } from "react";
import { useLive } from "../../api/useLive";
import { StatusIcon } from "../../components/Badge";
import type { ProcessFilter } from "../../gql/graphql";
import { STATS } from "../../operations/processes";
import { lookOf, PROCESS_STATUSES } from "../../status";

const GATHER = 1_000;

interface Props {
  filter: ProcessFilter;
  chosen: readonly string[];
  onToggle: (status: string) => void;
}

/** The number; with a plus if there are more, because the server stops to count at some number. */
function shownCount(found: { count: number; isExact: boolean } | undefined): string {
  return `${(found?.count ?? 0).toLocaleString()}${found?.isExact === false ? "+" : ""}`;
}

export function StatusChips({ filter, chosen, onToggle }: Props) {
  // What each chip would show: the other conditions hold, and the statuses are what is chosen here.
  const others = useMemo(() => {
    const { statuses: _, ...rest } = filter;
    return Object.keys(rest).length > 0 ? rest : null;
  }, [filter]);
  const { data } = useLive(STATS, { filter: others }, { concerns: ({ processId }) => Boolean(processId), gather: GATHER });
  const counts = new Map(data?.stats?.processesByStatus.map((each) => [each.status as string, each]));
  return (
    <div className="chips" role="group" aria-label="Filter by status">
      {PROCESS_STATUSES.filter((status) => counts.get(status)?.count || chosen.includes(status)).map((status) => (
        <button
          key={status}
          type="button"
          className={`chip tone-${lookOf(status).tone}`}
          aria-pressed={chosen.includes(status)}
          onClick={() => onToggle(status)}
        >
          <StatusIcon status={status} />
          {lookOf(status).word} <b>{shownCount(counts.get(status))}</b>
        </button>
      ))}
    </div>
  );
}
