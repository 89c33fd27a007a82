/** Scrolls to one step of many: those that nobody has seen have only estimated heights, and move it when they are drawn. */

/** The step stands still for so many frames when all steps around it are drawn. */
const STILL = 5;
/** Frames after which something else moves the page all the time. */
const LONGEST = 120;

const BY_PERSON = ["wheel", "touchstart", "pointerdown", "keydown"] as const;

/** Keep the step at the top until it stands still, or the person goes elsewhere. The returned function ends it. */
export function scrollToStep(step: Element): () => void {
  let frame = 0;
  let frames = 0;
  let still = 0;
  let before = NaN;
  const end = (): void => {
    cancelAnimationFrame(frame);
    for (const name of BY_PERSON) removeEventListener(name, end);
  };
  const scroll = (): void => {
    const { top } = step.getBoundingClientRect();
    still = top === before ? still + 1 : 0;
    if (still >= STILL || ++frames > LONGEST) return end();
    step.scrollIntoView({ block: "start" });
    before = step.getBoundingClientRect().top;
    frame = requestAnimationFrame(scroll);
  };
  for (const name of BY_PERSON) addEventListener(name, end, { passive: true });
  scroll();
  return end;
}
