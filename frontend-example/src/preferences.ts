/** What a person chose for this browser: how times and colours look, and what the page may do by itself. */
import { store, type Store } from "./api/store";
import type { Zone } from "./time";

/** A choice that is kept in the browser, and that the other tabs follow. The first value counts until one is chosen. */
export function preference<T extends string>(name: string, values: readonly [T, ...T[]]): Store<T> {
  const place = `orchestrator-${name}`;
  const valid = (text: string | null): T => values.find((value) => value === text) ?? values[0];
  const chosen = store<T>(valid(read(place)));
  window.addEventListener("storage", ({ key, newValue }) => {
    if (key === place) chosen.set(valid(newValue));
  });
  return {
    ...chosen,
    set(value) {
      try {
        localStorage.setItem(place, value);
      } catch {
        // Storage is switched off or full: the choice holds until the page is left.
      }
      chosen.set(value);
    },
  };
}

function read(place: string): string | null {
  try {
    return localStorage.getItem(place);
  } catch {
    return null;
  }
}

export const zone = preference<Zone>("zone", ["local", "UTC"]);
/** `app/theme-first.js` reads it before the first paint. */
export const theme = preference<"system" | "light" | "dark">("theme", ["system", "light", "dark"]);
/** Single keys do something; people who speak to their computer switch that off (WCAG 2.1.4). */
export const shortcuts = preference<"on" | "off">("shortcuts", ["on", "off"]);
/** Say new tasks through the browser; only after a person asked for it. */
export const taskNotices = preference<"on" | "off">("task-notices", ["off", "on"]);

/** Draw the page in the chosen theme, now and whenever another one is chosen. */
export function followTheme(): void {
  const draw = (): void => {
    if (theme.get() === "system") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = theme.get();
  };
  draw();
  theme.subscribe(draw);
}
