/** What needs a person now, and how things go. */
import { Link } from "wouter";
import { addresses } from "../../app/addresses";
import { useViewer } from "../../app/viewer";
import { usePageTitle } from "../../components/Announcer";
import { useFilters } from "../../components/filters/useFilters";
import { Problem } from "../../components/Problem";
import type { HomeQuery, HomeStatsQuery } from "../../gql/graphql";
import "../../styles/home.css";
import { duration } from "../../time";
import { totalWords } from "../../words";
import { CallbackCard, FailedCard, FailuresCard, processesWith, TaskCard, WaitCard } from "./cards";
import { EngineCard } from "./EngineCard";
import { PERIODS, periodOf } from "./period";
import { Throughput } from "./Throughput";
import { useHome } from "./useHome";

export default function Home() {
  usePageTitle("Home");
  const { filters: period, change } = useFilters(periodOf);
  const { permissions } = useViewer();
  const { work, numbers } = useHome(period);
  const { data } = work;
  const stats = numbers.data?.stats;
  const { words } = PERIODS[period];
  return (
    <section className="home" aria-labelledby="home-title">
      <div className="page-head">
        <h1 id="home-title">Home</h1>
        <Link className="button primary" href={addresses.start()}>
          Start a workflow
        </Link>
      </div>
      {work.error && <Problem error={work.error} title="The tasks and processes were not read." onRetry={work.refresh} />}
      {!data && !work.error && <p className="muted">Loading…</p>}
      {data && stats && <Tiles data={data} stats={stats} words={words} />}
      {numbers.error && <Problem error={numbers.error} title="The numbers were not read." onRetry={numbers.refresh} />}
      <div className="home-columns">
        <div className="home-column">{data && <Waiting data={data} />}</div>
        <div className="home-column">
          {data && <FailedCard failed={data.failed?.nodes ?? []} />}
          {stats && <FailuresCard failures={stats.failuresByWorkflow} period={words} />}
        </div>
      </div>
      <div className="home-columns wide-first">
        {stats && <Throughput buckets={stats.throughput} period={period} onPeriod={(name) => change({ period: name === "day" ? "" : name })} />}
        {data?.engine && <EngineCard engine={data.engine} mayManage={permissions.includes("MANAGE_ENGINE")} onChanged={work.refresh} />}
      </div>
    </section>
  );
}

function Waiting({ data: { tasks, overdueTasks, overdueCallbacks, waiting } }: { data: HomeQuery }) {
  return (
    <>
      <TaskCard overdue={overdueTasks?.nodes ?? []} tasks={tasks?.nodes ?? []} total={totalWords(tasks)} />
      <WaitCard waiting={waiting?.nodes ?? []} />
      <CallbackCard callbacks={overdueCallbacks?.nodes ?? []} />
    </>
  );
}

interface TilesProps {
  data: HomeQuery;
  stats: NonNullable<HomeStatsQuery["stats"]>;
  words: string;
}

function Tiles({ data, stats, words }: TilesProps) {
  const { tasks, overdueTasks, openCallbacks, overdueCallbacks } = data;
  const lateCount = overdueCallbacks?.totalCount ?? 0;
  const p95 = stats.durationSecondsP95;
  return (
    <ul className="tiles" aria-label="At a glance">
      <Tile number={totalWords(tasks)} words={tasks?.totalCount === 1 ? "task for me" : "tasks for me"} tone="person" href={addresses.inbox} />
      <Tile number={totalWords(overdueTasks)} words="of them overdue" tone={overdueTasks?.totalCount ? "bad" : "idle"} href={addresses.inbox} />
      <Tile number={totalWords(overdueCallbacks)} words={`${lateCount === 1 ? "callback" : "callbacks"} overdue, ${totalWords(openCallbacks)} open`} tone={lateCount ? "bad" : "idle"} />
      <Tile number={stats.failed} words={`failed ${words}`} tone={stats.failed ? "bad" : "idle"} href={processesWith({ status: "FAILED" })} />
      <Tile number={stats.completed} words={`completed ${words}`} tone="good" href={processesWith({ status: "COMPLETED" })} />
      <Tile number={p95 === null ? "–" : duration(p95)} words={p95 === null ? "no process was completed" : "at most, for 95 % of the completed"} tone="remote" />
    </ul>
  );
}

function Tile({ number, words, tone, href }: { number: number | string; words: string; tone: string; href?: string }) {
  const content = (
    <>
      <b>{number.toLocaleString()}</b> <span>{words}</span>
    </>
  );
  return <li className={`tile tone-${tone}`}>{href ? <Link href={href}>{content}</Link> : <span className="tile-still">{content}</span>}</li>;
}
