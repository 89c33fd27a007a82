/** The remote services: which of them answer, how long they take, what they leave unanswered and what was refused. */
import { run } from "../../api/client";
import { useEvery } from "../../api/useEvery";
import { useReading } from "../../api/useReading";
import { usePageTitle } from "../../components/Announcer";
import { useFilters } from "../../components/filters/useFilters";
import { isForbidden, NoAccess } from "../../components/NoAccess";
import { Problem } from "../../components/Problem";
import type { RemoteServiceRowFragment } from "../../gql/graphql";
import { SERVICES } from "../../operations/services";
import "../../styles/filters.css";
import "../../styles/services.css";
import "../../styles/table.css";
import { PERIODS, periodOf, type PeriodName } from "../home/period";
import { Cells } from "./Cells";

const COLUMNS = ["Service", "State", "Open callbacks", "Results", "Duration", "Failures"];

/** Silence has no event, so the page is read again from time to time. */
const READ_EVERY = 30_000;

/** A site has a few services; more than these are read with `orchestrator-gql services`. */
const MOST_PAGES = 4;

export default function Services() {
  usePageTitle("Services");
  const { filters: period, change } = useFilters(periodOf);
  const { data, error, isReading, again } = useReading(() => everyService(period), period);
  useEvery(READ_EVERY, again);
  if (isForbidden(error)) {
    return (
      <section aria-labelledby="services-title">
        <h1 id="services-title">Services</h1>
        <NoAccess what="the remote services" permission="READ" />
      </section>
    );
  }
  return (
    <section className="with-table" aria-labelledby="services-title">
      <div className="page-head">
        <h1 id="services-title">Services</h1>
        <div className="chips" role="group" aria-label="Period">
          {(Object.keys(PERIODS) as PeriodName[]).map((name) => (
            <button
              key={name}
              type="button"
              className="chip"
              aria-pressed={name === period}
              onClick={() => change({ period: name === "day" ? "" : name })}
            >
              {PERIODS[name].name}
            </button>
          ))}
        </div>
      </div>
      {error && <Problem error={error} title="The services were not read." onRetry={again} isRetrying={isReading} />}
      {data && data.length > 0 && <Table services={data} period={period} />}
      {data?.length === 0 && <Nothing />}
      {!data && !error && <p className="muted">Reading…</p>}
    </section>
  );
}

async function everyService(period: PeriodName): Promise<RemoteServiceRowFragment[]> {
  const found: RemoteServiceRowFragment[] = [];
  let after: string | null = null;
  for (let page = 0; page < MOST_PAGES; page++) {
    const { remoteServices } = await readPage(period, after);
    found.push(...(remoteServices?.nodes ?? []));
    after = remoteServices?.pageInfo.endCursor ?? null;
    if (!remoteServices?.pageInfo.hasNextPage) break;
  }
  return found;
}

const readPage = (period: PeriodName, after: string | null) => run(SERVICES, { window: PERIODS[period].window, after });

function Table({ services, period }: { services: readonly RemoteServiceRowFragment[]; period: PeriodName }) {
  // The roles stand there because a narrow screen draws the rows as grids, and browsers then forget that it is a table.
  return (
    <table className="data services" role="table" aria-label={`Services ${PERIODS[period].words}`}>
      <thead role="rowgroup">
        <tr role="row">
          {COLUMNS.map((name) => (
            <th key={name} role="columnheader" scope="col">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {services.map((service) => (
          <tr key={service.name} role="row">
            <Cells service={service} />
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Nothing() {
  return (
    <div className="empty">
      <p>
        No remote service is configured. Name it in <code>ORCHESTRATOR_SERVICES</code> and in its steps,{" "}
        <code>callback_step(…, service="ansible")</code>: then its callbacks are counted here.
      </p>
    </div>
  );
}
