/**
 * Keeps the control under the mouse. Parts of a page are read after the page is drawn, and push down what stands below
 * them: the person would press another button than the button at which they point. The page scrolls by as much instead.
 */

/** What is pressed. A row of a list is a link, and a list may grow above it. */
const CONTROLS = "button, .button, summary, select, label, input:is([type=checkbox], [type=radio], [type=submit])";

/** Less is not seen. */
const LEAST = 1;

/** Watch the page until the returned function is called. */
export function keepUnderPointer(page: HTMLElement): () => void {
  let held: Element | null = null;
  /** Where the control is on the page, and how far the window is scrolled. */
  let place = { at: 0, scrolled: 0 };

  const placeOf = (control: Element): typeof place => ({
    at: control.getBoundingClientRect().top + window.scrollY,
    scrolled: window.scrollY,
  });
  const hold = ({ target, pointerType }: PointerEvent): void => {
    const found = pointerType === "mouse" && target instanceof Element ? target.closest(CONTROLS) : null;
    held = found && page.contains(found) ? found : null;
    if (held) place = placeOf(held);
  };
  // Who types looks at the text: it must not move because the mouse rests on a button.
  const letGo = (): void => {
    held = null;
  };
  const scrolled = (): void => {
    if (!held) return;
    const now = placeOf(held);
    if (Math.abs(now.at - place.at) < LEAST) place = now; // else the page has changed as well: `resized` comes next
  };
  const resized = (): void => {
    if (!held?.isConnected) return letGo();
    const now = placeOf(held);
    const moved = now.at - place.at;
    const left = moved - (now.scrolled - place.scrolled);
    // The browser may have scrolled by a part of it. Another scroll is meant, and stays.
    const isPart = Math.abs(left) <= Math.abs(moved) && left * moved > 0;
    if (isPart && Math.abs(left) >= LEAST) window.scrollBy({ top: left, behavior: "instant" });
    place = placeOf(held);
  };

  const watcher = new ResizeObserver(resized);
  watcher.observe(page);
  if (page.parentElement) watcher.observe(page.parentElement); // banners come and go above the page
  document.addEventListener("pointermove", hold, { passive: true });
  document.addEventListener("pointerdown", hold, { passive: true });
  document.documentElement.addEventListener("pointerleave", letGo);
  document.addEventListener("keydown", letGo);
  window.addEventListener("scroll", scrolled, { passive: true });
  return () => {
    watcher.disconnect();
    document.removeEventListener("pointermove", hold);
    document.removeEventListener("pointerdown", hold);
    document.documentElement.removeEventListener("pointerleave", letGo);
    document.removeEventListener("keydown", letGo);
    window.removeEventListener("scroll", scrolled);
  };
}
