/** The line on top: where one can go, what waits for the person, whether the page is live, who is signed in. */
import { Link, useLocation } from "wouter";
import { useEffect } from "react";
import { signOut, token } from "../api/session";
import { lastHeard, liveState, type LiveState } from "../api/stream";
import { useStore } from "../api/store";
import { chooseZone, useNow, zone } from "../components/Time";
import { duration } from "../time";
import { addresses } from "./addresses";
import { useViewer } from "./viewer";

const PAGES: readonly [string, string][] = [
  [addresses.home, "Home"],
  [addresses.inbox, "My tasks"],
  [addresses.processes, "Processes"],
  [addresses.subscriptions, "Products"],
];

export function Header() {
  const { viewer, openTasks } = useViewer();
  const [location] = useLocation();
  const isTokenKnown = useStore(token) !== null;
  useTasksInTitle(openTasks);
  return (
    <header className="top">
      <Link className="brand" href={addresses.home}>
        <img src="icon.svg" alt="" width={24} height={24} />
        <span>orchestrator</span>
      </Link>
      <nav aria-label="Pages">
        {PAGES.map(([address, name]) => (
          <Link key={address} href={address} aria-current={isAt(location, address) ? "page" : undefined}>
            {name}
            {address === addresses.inbox && openTasks > 0 && <b className="count some">{openTasks}</b>}
          </Link>
        ))}
      </nav>
      <LiveMark />
      <ZoneChoice />
      {viewer && (
        <div className="who">
          <span className="who-name">{viewer.name}</span>
          {isTokenKnown && (
            <button type="button" className="quiet" onClick={signOut}>
              Sign out
            </button>
          )}
        </div>
      )}
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
  const heard = useStore(lastHeard);
  const age = Math.round((useNow() - heard) / 1000);
  return (
    <p className={`live ${state}`} role="status">
      {WORDS[state]}
      {state === "reconnecting" && heard > 0 && <span className="muted"> · data is {duration(Math.max(age, 0))} old</span>}
    </p>
  );
}

function ZoneChoice() {
  const chosen = useStore(zone);
  const other = chosen === "local" ? "UTC" : "local";
  return (
    <button type="button" className="quiet" onClick={() => chooseZone(other)} title={`Show times in ${other} time`}>
      {chosen === "local" ? "Local time" : "UTC"}
    </button>
  );
}

/** The number of open tasks stands in the tab's title, before the title of the page. */
function useTasksInTitle(count: number): void {
  useEffect(() => {
    const bare = document.title.replace(/^\(\d+\) /, "");
    document.title = count ? `(${count}) ${bare}` : bare;
  });
}
