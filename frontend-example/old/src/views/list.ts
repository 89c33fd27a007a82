/** The processes, newest first, and how many there are in which status. */
import { h, reconcile } from "../dom";
import type { Row } from "../model";
import { icon, PROCESS_STATUSES, toneOf, wordOf, badge } from "../status";
import type { Store } from "../store";
import { duration, ticking } from "../time";
import { originView } from "./origin";

export function listView(store: Store): { element: HTMLElement; update: () => void } {
  const chips = h("div", { class: "chips", role: "group", "aria-label": "Show only" });
  const rows = h("ul", { class: "rows" });
  const empty = h("p", { class: "empty" });
  const older = h(
    "button",
    { type: "button", class: "quiet wide", onclick: () => void store.older() },
    "Show older ones",
  );
  const element = h(
    "nav",
    { class: "list", "aria-label": "Processes" },
    h(
      "div",
      { class: "list-head" },
      h("h2", {}, "Processes"),
      h("a", { class: "button primary", href: "#/start" }, "Start a workflow"),
    ),
    chips,
    rows,
    empty,
    older,
  );

  function update(): void {
    const shown = store.visibleRows();
    reconcile(chips, chipBlocks(store));
    reconcile(
      rows,
      shown.map((row) => rowBlock(row, row.id === store.selected)),
    );
    empty.hidden = shown.length > 0;
    empty.textContent = !store.loaded
      ? "Loading…"
      : store.status
        ? "None in this status."
        : "No process yet. Start a workflow and watch it here.";
    older.hidden = store.next === null;
  }
  return { element, update };
}

function chipBlocks(store: Store) {
  const counts = new Map(store.stats?.processesByStatus.map(({ status, count }) => [status, count]));
  return PROCESS_STATUSES.filter((status) => counts.get(status) || store.status === status).map((status) => {
    const pressed = store.status === status;
    const count = counts.get(status) ?? 0;
    const toggle = () => void store.filterBy(store.status === status ? null : status).catch(() => undefined);
    return {
      key: status,
      signature: `${count}`,
      draw: () =>
        h(
          "button",
          { type: "button", class: `chip ${toneOf(status)}`, onclick: toggle },
          icon(status),
          h("b", {}, count),
          ` ${wordOf(status)}`,
        ),
      update: (chip: HTMLElement) => chip.setAttribute("aria-pressed", String(pressed)),
    };
  });
}

/** Where it is, or how long it took. */
function placeOf({ endedAt, durationSeconds, currentStep }: Row): string {
  if (!endedAt) return currentStep?.name ?? "";
  return durationSeconds === null ? "" : `took ${duration(durationSeconds)}`;
}

function rowBlock(row: Row, current: boolean) {
  return {
    key: row.id,
    signature: `${row.version}`,
    draw: () =>
      h(
        "li",
        {},
        h(
          "a",
          { href: `#/processes/${encodeURIComponent(row.id)}` },
          h("span", { class: "row-name" }, row.workflowName),
          badge(row.status),
          h("span", { class: "row-subject", title: row.subject }, row.subject),
          h("span", { class: "row-step muted" }, placeOf(row)),
          h("span", { class: "row-time muted" }, ticking("ago", row.startedAt)),
          h("span", { class: "row-origin muted" }, originView(row)),
        ),
      ),
    update: (element: HTMLElement) => {
      if (current) element.firstElementChild?.setAttribute("aria-current", "page");
      else element.firstElementChild?.removeAttribute("aria-current");
    },
  };
}
