/** The frame of every page: header, banners, the page of the address, and the sign-in over it. */
import { CSPProvider } from "@base-ui/react/csp-provider";
import { Suspense, useEffect, useRef, type MouseEvent } from "react";
import { Route, Switch, useLocation } from "wouter";
import { demand, token } from "../api/session";
import { follow } from "../api/stream";
import { useStore } from "../api/store";
import { Announcer } from "../components/Announcer";
import { Boundary } from "../components/Boundary";
import { Banners } from "./Banners";
import { Header } from "./Header";
import { keepFocus } from "./focusKeeper";
import { PageArrival, useScrollRestoration } from "./navigation";
import { NotFound } from "./NotFound";
import { PAGES } from "./pages";
import { keepUnderPointer } from "./pointerKeeper";
import { Shortcuts } from "./Shortcuts";
import { SignIn } from "./SignIn";
import { ViewerProvider } from "./viewer";

export function App() {
  const asked = useStore(demand);
  const known = useStore(token);
  useEffect(() => (asked === null ? follow() : undefined), [asked, known]);
  useScrollRestoration();

  return (
    <CSPProvider disableStyleElements>
      <ViewerProvider>
        {/* What was typed stays behind the sign-in. */}
        <div className="app" inert={asked !== null}>
          <a className="skip" href="#main" onClick={skip}>
            Skip to the page
          </a>
          <Header />
          <Boundary name="The banner">
            <Banners />
          </Boundary>
          <Page />
          <Shortcuts />
          <Announcer />
        </div>
        {asked !== null && <SignIn reason={asked} />}
      </ViewerProvider>
    </CSPProvider>
  );
}

function Page() {
  const [address] = useLocation();
  const main = useRef<HTMLElement>(null);
  useEffect(() => (main.current ? keepFocus(main.current) : undefined), []);
  useEffect(() => (main.current ? keepUnderPointer(main.current) : undefined), []);
  return (
    <main id="main" ref={main} tabIndex={-1}>
      <Boundary name="This page" resetKey={address}>
        <Suspense fallback={<p className="muted">Loading…</p>}>
          <Switch>
            {PAGES.map(([pattern, component]) => (
              <Route key={pattern} path={pattern} component={component} />
            ))}
            {/* Also an address that is not below the <base>: it begins with “~”, which a route without a path does not match. */}
            <Route path={/^/} component={NotFound} />
          </Switch>
          <PageArrival />
        </Suspense>
      </Boundary>
    </main>
  );
}

/** By script: with a `<base>`, the browser would take the link for another page. */
function skip(event: MouseEvent): void {
  event.preventDefault();
  document.getElementById("main")?.focus();
}
