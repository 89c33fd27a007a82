/** The frame of every page: header, banners, the page of the address, and the sign-in over it. */
import { lazy, Suspense, useEffect } from "react";
import { Route, Switch } from "wouter";
import { demand, token } from "../api/session";
import { follow } from "../api/stream";
import { useStore } from "../api/store";
import { Announcer } from "../components/Announcer";
import { Processes } from "../pages/processes/Processes";
import { addresses } from "./addresses";
import { Banners } from "./Banners";
import { Header } from "./Header";
import { NotFound } from "./NotFound";
import { SignIn } from "./SignIn";

const Process = lazy(() => import("../pages/process/Process"));

export function App() {
  const asked = useStore(demand);
  const known = useStore(token);
  useEffect(() => (asked === null ? follow() : undefined), [asked, known]);

  return (
    <>
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
              <Route path={addresses.processes} component={Processes} />
              <Route path={`${addresses.processes}/:id`} component={Process} />
              <Route component={NotFound} />
            </Switch>
          </Suspense>
        </main>
        <Announcer />
      </div>
      {asked !== null && <SignIn reason={asked} />}
    </>
  );
}
