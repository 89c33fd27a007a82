/** The page before all others, where the server wants to know who asks. */
import { send, Unauthenticated } from "../api";
import { VIEWER } from "../documents";
import { h } from "../dom";
import type { Viewer } from "../model";
import { credentials, storeToken } from "../session";

/** A header carries nothing else. */
const SENDABLE = /^[\x21-\x7e]+$/;

export function signInView(words: string, entered: (viewer: Viewer) => void): HTMLElement {
  const fault = h("p", { class: "error", id: "token-error", role: "alert" });
  const field = h("input", {
    ...{ id: "token", type: "password", autocomplete: "off", autocapitalize: "none", spellcheck: "false" },
    "aria-describedby": "token-error",
  });
  const button = h("button", { class: "primary", type: "submit" }, "Sign in");
  const complain = (text: string) => {
    fault.textContent = text;
    field.toggleAttribute("aria-invalid", false);
    if (text) field.setAttribute("aria-invalid", "true");
    if (text) field.select();
  };
  const enter = async (event: Event) => {
    event.preventDefault();
    const token = field.value.trim();
    if (!token) return complain("Enter your token.");
    if (!SENDABLE.test(token)) return complain("A token has no spaces and no letters beyond those of English.");
    button.disabled = true;
    try {
      const { viewer } = await send<{ viewer: Viewer }>(VIEWER, {}, credentials(token));
      storeToken(token);
      entered(viewer);
    } catch (problem) {
      complain(
        problem instanceof Unauthenticated
          ? "The server does not know this token. Check that all of it is there, or ask for a new one."
          : (problem as Error).message,
      );
    }
    button.disabled = false;
  };
  return h(
    "main",
    { class: "door" },
    h(
      "form",
      { novalidate: true, "aria-labelledby": "door-title", onsubmit: (event) => void enter(event) },
      h("img", { src: "icon.svg", alt: "", width: 40, height: 40 }),
      h("h2", { id: "door-title" }, "Sign in"),
      h("p", { class: "words muted" }, words),
      h("div", { class: "field" }, h("label", { for: "token" }, "Token"), field, fault),
      h("div", { class: "actions" }, button),
      h("p", { class: "help" }, "It is kept in this tab until you sign out or close it, and nowhere else."),
    ),
  );
}
