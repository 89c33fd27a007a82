/** The frame of every page: header, banners, the page of the address, and the sign-in over it. */
import { CSPProvider } from "@base-ui/react/csp-provider";
import { lazy, Suspense, useEffect } from "react";
import { Route, Switch } from "wouter";
import { demand, token } from "../api/session";
import { follow } from "../api/stream";
import { useStore } from "../api/store";
import { Announcer } from "../components/Announcer";
import { addresses } from "./addresses";
import { Banners } from "./Banners";
import { Header } from "./Header";
import { NotFound } from "./NotFound";
import { SignIn } from "./SignIn";

const PAGES = [
  [addresses.home, lazy(() => import("../pages/home/Home"))],
  [addresses.inbox, lazy(() => import("../pages/inbox/Inbox"))],
  [addresses.processes, lazy(() => import("../pages/processes/Processes"))],
  [addresses.process(":id"), lazy(() => import("../pages/process/Process"))],
  [addresses.start(), lazy(() => import("../pages/start/StartList"))],
  ["/start/:workflow", lazy(() => import("../pages/start/StartForm"))],
  [addresses.subscriptions, lazy(() => import("../pages/subscriptions/Subscriptions"))],
  [addresses.subscription(":id"), lazy(() => import("../pages/subscriptions/Subscription"))],
  [addresses.audit, lazy(() => import("../pages/audit/Audit"))],
  [addresses.notifications, lazy(() => import("../pages/notifications/Notifications"))],
] as const;

export function App() {
  const asked = useStore(demand);
  const known = useStore(token);
  useEffect(() => (asked === null ? follow() : undefined), [asked, known]);

  return (
    <CSPProvider disableStyleElements>
      {/* What was typed stays behind the sign-in. */}
      <div className="app" inert={asked !== null}>
        <a className="skip" href="#main">
          Skip to the page
        </a>
        <Header />
        <Banners />
        <main id="main" tabIndex={-1}>
          <Suspense fallback={<p className="muted">Loading…</p>}>
            <Switch>
              {PAGES.map(([address, component]) => (
                <Route key={address} path={address} component={component} />
              ))}
              <Route component={NotFound} />
            </Switch>
          </Suspense>
        </main>
        <Announcer />
      </div>
      {asked !== null && <SignIn reason={asked} />}
    </CSPProvider>
  );
}
