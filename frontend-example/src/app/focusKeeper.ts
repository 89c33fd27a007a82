/**
 * Keeps the place of the keyboard. A control may go while it has the focus: a form after its decision, a button after its
 * action, a dialog that another tab has closed. The browser then begins again at the top of the document. A button that is
 * disabled while something is sent loses the focus as well.
 */

/** Milliseconds in which others may move the focus themselves: a dialog gives it back, the next form takes it. */
const COURTESY = 150;

/** Watch until the returned function is called: the heading of what held the control gets the focus. */
export function keepFocus(main: HTMLElement): () => void {
  let last: Element | null = null;
  let holders: HTMLElement[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;

  const remember = ({ target }: FocusEvent): void => {
    last = target as Element;
    if (main.contains(last)) holders = holdersOf(last, main);
  };
  // Who clicks somewhere else has left the control.
  const forget = (): void => {
    last = null;
  };
  const restore = (): void => {
    if (!last || last.isConnected || document.activeElement !== document.body) return;
    last = null;
    const heading = [...holders, main].map(headingIn).find((found) => found !== null);
    if (!heading) return;
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
  };
  const changed = (records: readonly MutationRecord[]): void => {
    if (!last) return;
    if (!last.isConnected) {
      clearTimeout(timer);
      timer = setTimeout(restore, COURTESY);
    } else if (records.some(({ type, target }) => type === "attributes" && target.contains(last))) giveBack();
  };
  const giveBack = (): void => {
    if (document.activeElement === document.body && last instanceof HTMLElement && last.matches(":enabled"))
      last.focus({ preventScroll: true });
  };

  const watcher = new MutationObserver(changed);
  watcher.observe(document.body, { childList: true, subtree: true, attributeFilter: ["disabled"] });
  document.addEventListener("focusin", remember);
  document.addEventListener("pointerdown", forget);
  return () => {
    watcher.disconnect();
    clearTimeout(timer);
    document.removeEventListener("focusin", remember);
    document.removeEventListener("pointerdown", forget);
  };
}

/** What the control stands in, the nearest first. */
function holdersOf(control: Element, main: HTMLElement): HTMLElement[] {
  const holders: HTMLElement[] = [];
  for (let at = control.parentElement; at && at !== main; at = at.parentElement) holders.push(at);
  return holders;
}

const headingIn = (place: HTMLElement): HTMLElement | null => (place.isConnected ? place.querySelector<HTMLElement>("h1, h2, h3") : null);
