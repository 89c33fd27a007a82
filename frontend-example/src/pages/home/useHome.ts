/** What the home page reads: what needs a person at once, the numbers at a calmer pace. */
import { useEffect } from "react";
import { onEvents } from "../../api/stream";
import { useEvery } from "../../api/useEvery";
import { useLive, type Live } from "../../api/useLive";
import { useNow } from "../../components/Time";
import type { HomeQuery, HomeStatsQuery } from "../../gql/graphql";
import { HOME, HOME_STATS } from "../../operations/home";
import { PERIODS, rangeOf, type PeriodName } from "./period";

const GATHER = 500;

/** Deadlines pass without an event, so the page is read again from time to time. */
const READ_AGAIN = 30_000;
const READ_AGAIN_WHILE_PAUSING = 2_000;

export function useHome(period: PeriodName): { work: Live<HomeQuery>; numbers: Live<HomeStatsQuery> } {
  const { window, buckets, gather } = PERIODS[period];
  const range = rangeOf(period, useNow());
  const work = useLive(HOME, {}, { concerns: ({ processId }) => Boolean(processId), gather: GATHER });
  const numbers = useLive(HOME_STATS, { window, buckets, period: range }, { concerns: ({ processId }) => Boolean(processId), gather });
  const { refresh } = work;
  const pause = work.data?.engine?.state === "PAUSING" ? READ_AGAIN_WHILE_PAUSING : READ_AGAIN;
  useEvery(pause, refresh);
  useEffect(
    () =>
      onEvents((events) => {
        if (events.some(({ __typename }) => __typename === "EngineStateChangedEvent")) refresh();
      }),
    [refresh],
  );
  return { work, numbers };
}
