/** The line on top: where one can go, what waits for the person, whether the page is live, and everything else in a menu. */
import { useEffect } from "react";
import { Link, useLocation } from "wouter";
import { lastHeard, liveState, type LiveState } from "../api/stream";
import { useStore } from "../api/store";
import { useNow } from "../components/Time";
import { duration } from "../time";
import { addresses } from "./addresses";
import { More } from "./More";
import { useTaskNotices } from "./taskNotices";
import { useViewer } from "./viewer";

const PAGES: readonly [string, string][] = [
  [addresses.home, "Home"],
  [addresses.inbox, "My tasks"],
  [addresses.processes, "Processes"],
  [addresses.subscriptions, "Products"],
];

export function Header() {
  const { viewer, openTasks, openTaskWords, isKnown } = useViewer();
  const [location] = useLocation();
  useTasksInTitle(openTasks && openTaskWords);
  useTaskNotices(isKnown ? openTasks : null);
  return (
    <header className="top">
      <Link className="brand" href={addresses.home} aria-label="orchestrator, first page">
        <img src="icon.svg" alt="" width={24} height={24} />
        <span>orchestrator</span>
      </Link>
      <nav aria-label="Pages">
        {PAGES.map(([address, name]) => (
          <Link key={address} href={address} aria-current={isAt(location, address) ? "page" : undefined}>
            {name}
            {address === addresses.inbox && openTasks > 0 && <b className="count some">{openTaskWords}</b>}
          </Link>
        ))}
      </nav>
      <LiveMark />
      {viewer && <span className="who-name">{viewer.name}</span>}
      <More />
    </header>
  );
}

const isAt = (location: string, address: string): boolean =>
  address === addresses.home ? location === address : location === address || location.startsWith(`${address}/`);

const WORDS: Record<LiveState, string> = {
  connecting: "Connecting",
  live: "Live",
  behind: "Catching up",
  reconnecting: "Reconnecting",
};

/** Whether what is shown is live and, if not, how old it is. */
function LiveMark() {
  const state = useStore(liveState);
  return (
    <div className={`live is-${state}`}>
      <span role="status">{WORDS[state]}</span>
      {(state === "reconnecting" || state === "behind") && <Age />}
    </div>
  );
}

/** It ticks, so it is no part of the status that a screen reader says. */
function Age() {
  const heard = useStore(lastHeard);
  useNow();
  const age = Math.round((Date.now() - heard) / 1000);
  return heard > 0 && <span className="age">data is {duration(Math.max(age, 0))} old</span>;
}

/** The number of open tasks stands in the tab's title, before the title of the page. */
function useTasksInTitle(count: string | 0): void {
  useEffect(() => {
    const bare = document.title.replace(/^\(\d[^)]*\) /, "");
    document.title = count ? `(${count}) ${bare}` : bare;
  });
}
