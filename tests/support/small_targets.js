/* What a finger can hardly hit: controls below 24 px in height or width. A link within a sentence is excepted (WCAG 2.5.8),
   and so is a control inside a label, which is hit by its label. */
() => {
  const isSeen = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const isInSentence = (element) => {
    if (element.tagName !== "A" || getComputedStyle(element).display !== "inline") return false;
    const words = (node) => (node.textContent ?? "").trim().length;
    return words(element.parentElement) > words(element);
  };
  return [...document.querySelectorAll("a[href], button, summary, input:not([type=hidden]), select, textarea")]
    .filter((element) => isSeen(element) && !element.closest(".unseen, .skip") && !element.matches(".skip"))
    .filter((element) => !(element.matches("input") && element.closest("label")) && !isInSentence(element))
    .map((element) => [element, element.getBoundingClientRect()])
    .filter(([, { width, height }]) => width > 0 && (width < 23.9 || height < 23.9))
    .map(([element, { width, height }]) => `${element.tagName}.${element.className} “${(element.textContent || element.ariaLabel || "").slice(0, 30)}” ${Math.round(width)}x${Math.round(height)}`);
}
