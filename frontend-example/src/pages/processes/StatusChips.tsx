/** One chip a status, with the number of processes in it; several may be chosen. */
import { useMemo } from "react";
import { useLive } from "../../api/useLive";
import { StatusIcon } from "../../components/Badge";
import type { ProcessFilter } from "../../gql/graphql";
import { STATS } from "../../operations/processes";
import { lookOf, PROCESS_STATUSES } from "../../status";

const GATHER = 1_000;

/** A filtered count stops here. */
const MOST_COUNTED = 10_000;

interface Props {
  filter: ProcessFilter;
  chosen: readonly string[];
  onToggle: (status: string) => void;
}

export function StatusChips({ filter, chosen, onToggle }: Props) {
  // What each chip would show: the other conditions hold, and the statuses are what is chosen here.
  const others = useMemo(() => {
    const { statuses: _, ...rest } = filter;
    return Object.keys(rest).length > 0 ? rest : null;
  }, [filter]);
  const { data } = useLive(STATS, { filter: others }, { concerns: ({ processId }) => Boolean(processId), gather: GATHER });
  const words = (count: number): string => (others && count >= MOST_COUNTED ? `${MOST_COUNTED.toLocaleString()}+` : count.toLocaleString());
  const counts = new Map<string, number>(data?.stats?.processesByStatus.map(({ status, count }) => [status, count]));
  return (
    <div className="chips" role="group" aria-label="Filter by status">
      {PROCESS_STATUSES.filter((status) => counts.get(status) || chosen.includes(status)).map((status) => (
        <button
          key={status}
          type="button"
          className={`chip tone-${lookOf(status).tone}`}
          aria-pressed={chosen.includes(status)}
          onClick={() => onToggle(status)}
        >
          <StatusIcon status={status} />
          {lookOf(status).word} <b>{words(counts.get(status) ?? 0)}</b>
        </button>
      ))}
    </div>
  );
}
