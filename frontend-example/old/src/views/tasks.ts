/** The inbox: what waits for people, the oldest first, and deciding several at once. */
import { h, reconcile, type Block } from "../dom";
import type { Inbox, Shelf } from "../inbox";
import type { InboxTask } from "../model";
import { isViewer } from "../session";
import { ticking } from "../time";
import { Bulk } from "./bulk";
import { approvalsWords } from "./decisions";
import { originView, tail } from "./origin";

const SHELVES: Record<Shelf, { name: string; empty: string }> = {
  mine: { name: "For me", empty: "Nothing waits for you." },
  claimed: { name: "Claimed by me", empty: "You have claimed nothing that is still open." },
  all: { name: "All open ones", empty: "Nobody is asked anything." },
};

export interface TasksView {
  element: HTMLElement;
  update: () => void;
}

export function tasksView(inbox: Inbox): TasksView {
  const bulk = new Bulk(() => update());
  const title = h("h2", { tabindex: -1 }, "My tasks");
  const shelves = h("div", { class: "chips", role: "group", "aria-label": "Which tasks" });
  const rows = h("ul", { class: "tasks" });
  const empty = h("p", { class: "empty" });
  const more = h("button", { type: "button", class: "quiet wide", onclick: () => inbox.more() }, "Show more");
  const choose = (shelf: Shelf) => {
    bulk.clear();
    inbox.choose(shelf);
  };
  const element = h(
    "section",
    { class: "panel", "aria-label": "Tasks" },
    h("a", { class: "back narrow", href: "#/" }, "← All processes"),
    title,
    shelves,
    bulk.bar,
    bulk.results,
    rows,
    empty,
    more,
  );

  function update(): void {
    bulk.keepTo(inbox.tasks);
    reconcile(
      shelves,
      (Object.keys(SHELVES) as Shelf[]).map((shelf) => shelfBlock(shelf, shelf === inbox.shelf, choose)),
    );
    bulk.update();
    reconcile(
      rows,
      inbox.tasks.map((task) => taskBlock(task, bulk)),
    );
    empty.hidden = inbox.tasks.length > 0;
    empty.textContent = inbox.isLoaded ? SHELVES[inbox.shelf].empty : "Loading…";
    more.hidden = !inbox.hasMore || inbox.isFull;
  }
  return { element, update };
}

function shelfBlock(shelf: Shelf, isChosen: boolean, choose: (shelf: Shelf) => void): Block {
  const onclick = () => choose(shelf);
  return {
    key: shelf,
    signature: "",
    draw: () => h("button", { type: "button", class: "chip tone-person shelf", onclick }, SHELVES[shelf].name),
    update: (chip) => chip.setAttribute("aria-pressed", String(isChosen)),
  };
}

function taskBlock(task: InboxTask, bulk: Bulk): Block {
  return {
    key: task.id,
    signature: JSON.stringify(task),
    draw: () => taskView(task, bulk),
    update: (element) => {
      const box = element.querySelector<HTMLInputElement>(".choose");
      if (box) box.checked = bulk.has(task.id);
      const shown = element.querySelector(".shown");
      if (shown) reconcile(shown, bulk.shownBlocks(task.id));
    },
  };
}

function taskView(task: InboxTask, bulk: Bulk): HTMLElement {
  const { id, title, process, canSubmit, canReject, blockedReason } = task;
  const box = h("input", {
    ...{ type: "checkbox", class: "choose", "aria-label": `Choose ${title} of ${process.workflowName} ${tail(process.id)}` },
    onchange: (event) => bulk.choose(task, (event.target as HTMLInputElement).checked),
  });
  return h(
    "li",
    { class: "task" },
    h("div", { class: "tick" }, canSubmit || canReject ? box : h("span", { class: "no-box" })),
    h(
      "div",
      { class: "task-body" },
      h(
        "p",
        { class: "task-head" },
        h("a", { href: `#/processes/${encodeURIComponent(process.id)}`, "data-request": id }, title),
        h("span", { class: "muted" }, process.workflowName),
      ),
      h("p", { class: "words" }, process.subject),
      h("p", { class: "facts muted" }, originView(process)),
      facts(task),
      !canSubmit && blockedReason && h("p", { class: "help" }, blockedReason),
      h("div", { class: "shown" }),
    ),
  );
}

function facts(task: InboxTask): HTMLElement {
  const { assignee, createdAt, dueAt, claimedBy, escalatedAt } = task;
  const approvals = approvalsWords(task);
  return h(
    "p",
    { class: "facts muted" },
    h("span", {}, `for ${assignee.name}`),
    h("span", {}, "waits for ", ticking("since", createdAt)),
    dueAt && h("span", {}, ticking("due", dueAt)),
    escalatedAt && h("span", {}, "escalated ", ticking("ago", escalatedAt)),
    claimedBy && h("span", {}, `claimed by ${isViewer(claimedBy.id) ? "you" : claimedBy.name}`),
    approvals && h("span", {}, approvals),
  );
}
