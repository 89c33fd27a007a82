/** The open form of a process is brought before whoever looks, unless they are already at something on the page. */
import type { Process } from "../model";

/** Pixels by which a page may stand elsewhere than it was put, and still nobody has scrolled. */
const SLACK = 4;

export class Attention {
  private shown = "";
  private isTyped = false;
  private stood = 0;

  constructor(private readonly element: HTMLElement) {
    element.addEventListener("input", () => (this.isTyped = true));
  }

  /** Somebody comes to a process: they have done nothing here yet. */
  enter(): void {
    [this.shown, this.isTyped, this.stood] = ["", false, 0];
  }

  /** After each drawing: where a form has opened, show it. */
  update({ steps }: Process): void {
    const asked = steps.flatMap(({ inputRequests }) => inputRequests).filter(({ status }) => status === "OPEN");
    const now = asked.map(({ id }) => id).join();
    if (now === this.shown) return;
    // What was typed went with the form that it was typed into.
    if (this.shown) this.isTyped = false;
    this.shown = now;
    if (!now || this.isBusy()) return;
    this.fold();
    const card = this.element.querySelector<HTMLElement>(".asked");
    if (card && !isInView(card)) card.scrollIntoView({ block: "start" });
    this.stood = window.scrollY;
  }

  private isBusy(): boolean {
    const hasScrolled = Math.abs(window.scrollY - this.stood) > SLACK;
    return this.isTyped || hasScrolled || document.querySelector("dialog[open]") !== null;
  }

  /** What the form is about, it shows itself. */
  private fold(): void {
    for (const result of this.element.querySelectorAll<HTMLDetailsElement>('.callback > details[data-name="result"]'))
      result.open = false;
  }
}

function isInView(card: HTMLElement): boolean {
  const { top, bottom } = card.getBoundingClientRect();
  return top >= parseFloat(getComputedStyle(card).scrollMarginTop) && bottom <= window.innerHeight;
}
