/** What a browser does between documents, between our pages: focus the new page, scroll to its top, and back again. */
import { useEffect, useLayoutEffect, useRef } from "react";
import { useLocation } from "wouter";
import { isLeaving } from "../api/session";
import { tabStorage } from "../tabStorage";

/** The page that was loaded. A person may go on before it is drawn: then the first page that is drawn is another one. */
const loaded = location.pathname;

/** Stands beside the page, inside its Suspense: its effects run when the page is drawn. */
export function PageArrival() {
  const [address] = useLocation();
  const isFirst = useRef(true);
  useEffect(() => {
    if (!isFirst.current || location.pathname !== loaded) focusPage();
    isFirst.current = false;
  }, [address]);
  return null;
}

/** Focus the heading, so that a screen reader says where one is, unless the page has put the focus somewhere itself. */
function focusPage(): void {
  const main = document.getElementById("main");
  if (!main || main.contains(document.activeElement)) return;
  const heading = main.querySelector<HTMLElement>("h1") ?? main;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}

const PLACE = "orchestrator-scroll";
/** Milliseconds in which a page that is still being read may grow to where it was. */
const PATIENCE = 3_000;
const KEPT = 50;

type Places = Record<string, number>;

function stored(): Places {
  try {
    return JSON.parse(tabStorage.get(PLACE) ?? "{}") as Places;
  } catch {
    return {};
  }
}

const here = (): string => location.pathname + location.search;

/** True on the way to a page where one was before. The first page of the document may be: F5 returns to its place. */
let isReturn = true;
// Here and not in an effect: it must be called before the router, which draws the other page at once.
window.addEventListener("popstate", () => {
  isReturn = true;
});

/** A new page begins at its top; Back, Forward and F5 return to where the page was. */
export function useScrollRestoration(): void {
  const [address] = useLocation();
  const places = useRef<Places>(stored());
  const stop = useRef<() => void>(() => undefined);

  useEffect(() => {
    history.scrollRestoration = "manual";
    const keep = (): void => {
      // Last in, last out: the oldest places are forgotten.
      const { [here()]: _, ...others } = places.current;
      places.current = { ...Object.fromEntries(Object.entries(others).slice(-KEPT)), [here()]: window.scrollY };
    };
    const store = (): void => {
      if (!isLeaving()) tabStorage.set(PLACE, JSON.stringify(places.current));
    };
    window.addEventListener("scroll", keep, { passive: true });
    window.addEventListener("pagehide", store);
    return () => {
      window.removeEventListener("scroll", keep);
      window.removeEventListener("pagehide", store);
    };
  }, []);

  useLayoutEffect(() => {
    stop.current();
    const place = isReturn ? (places.current[here()] ?? 0) : 0;
    isReturn = false;
    stop.current = scrollWhenPossible(place);
  }, [address]);
}

/** Scroll as soon as the page is long enough, unless the person scrolls first; call the result to give up. */
function scrollWhenPossible(place: number): () => void {
  window.scrollTo(0, place);
  if (window.scrollY >= place) return () => undefined;
  const grown = new ResizeObserver(() => {
    window.scrollTo(0, place);
    if (window.scrollY >= place) stop();
  });
  const timer = setTimeout(() => stop(), PATIENCE);
  const gestures = ["wheel", "touchmove", "keydown", "pointerdown"] as const;
  const stop = (): void => {
    grown.disconnect();
    clearTimeout(timer);
    for (const gesture of gestures) window.removeEventListener(gesture, stop);
  };
  for (const gesture of gestures) window.addEventListener(gesture, stop, { passive: true });
  grown.observe(document.body);
  return stop;
}
