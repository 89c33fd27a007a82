/** The open form of a process is brought before the person who looks, unless the person is busy on the page. */
import { useEffect, useRef, type RefObject } from "react";

/** Pixels by which a page may stand elsewhere than it was put, and still nobody has scrolled. */
const SLACK = 4;
/** A form grows while it is read; so long it is kept in view. */
const SETTLING = 3_000;

/** `open`: the ids of the open input requests. `id`: the process; on another one nobody has done anything yet. */
export function useAttention(page: RefObject<HTMLElement | null>, id: string, open: string): void {
  const known = useRef({ id: "", shown: "", isTyped: false, stood: 0 });
  useEffect(() => {
    const element = page.current;
    const typed = (): void => {
      known.current.isTyped = true;
    };
    element?.addEventListener("input", typed);
    return () => element?.removeEventListener("input", typed);
  }, [page]);

  useEffect(() => {
    const memory = known.current;
    if (memory.id !== id) Object.assign(memory, { id, shown: "", isTyped: false, stood: window.scrollY });
    if (open === memory.shown) return undefined;
    // What was typed went with the form that it was typed into.
    if (memory.shown) memory.isTyped = false;
    memory.shown = open;
    const isElsewhere = /^#step-\d+$/.test(location.hash);
    const form = page.current?.querySelector<HTMLElement>(".asked");
    if (!form || isElsewhere || isBusy(memory)) return undefined;
    const show = (): void => {
      if (isBusy(memory)) return watcher.disconnect();
      if (!isInView(form)) form.scrollIntoView({ block: "start" });
      memory.stood = window.scrollY;
    };
    const watcher = new ResizeObserver(show);
    watcher.observe(form);
    const timer = setTimeout(() => watcher.disconnect(), SETTLING);
    return () => {
      clearTimeout(timer);
      watcher.disconnect();
    };
  }, [page, id, open]);
}

function isBusy({ isTyped, stood }: { isTyped: boolean; stood: number }): boolean {
  const hasScrolled = Math.abs(window.scrollY - stood) > SLACK;
  return isTyped || hasScrolled || document.querySelector("[role=dialog], dialog[open]") !== null;
}

function isInView(form: HTMLElement): boolean {
  const { top, bottom } = form.getBoundingClientRect();
  return top >= parseFloat(getComputedStyle(form).scrollMarginTop) && bottom <= window.innerHeight;
}
