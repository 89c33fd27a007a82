/** Where the page is put together: the stream rings, the store reads, the views draw. */
import { request, Unauthenticated } from "./api";
import { VIEWER } from "./documents";
import { h, reconcile } from "./dom";
import { Inbox } from "./inbox";
import { follow, type LiveState } from "./live";
import type { Engine, Viewer } from "./model";
import { demandSignIn, session, storedToken, storeToken } from "./session";
import { Store } from "./store";
import { startTicking } from "./time";
import { listView } from "./views/list";
import { processView } from "./views/process";
import { signInView } from "./views/sign_in";
import { startView } from "./views/start";
import { tasksView } from "./views/tasks";

/** Without a stream after this long, show what plain HTTP says. */
const PATIENCE = 1_500;

const LIVE_WORDS: Record<LiveState, string> = {
  connecting: "Connecting",
  live: "Live",
  behind: "Catching up",
  reconnecting: "Reconnecting",
};

let drawing = 0;
let pause = "";
const drawSoon = () => {
  drawing ||= requestAnimationFrame(draw);
};
const store = new Store(drawSoon);
const inbox = new Inbox(drawSoon);
const list = listView(store);
const process = processView(store);
const tasks = tasksView(inbox);
const live = h("p", { class: "live", role: "status" }, "");
const count = h("b", { class: "count" });
const toTasks = h("a", { class: "button quiet", href: "#/tasks" }, "My tasks ", count);
const who = h("div", { class: "who" });
const banner = h("div", { class: "banners" });
const main = h("main", { id: "main", tabindex: -1 });
const app = h(
  "div",
  { class: "app" },
  h("a", { class: "skip", href: "#main", onclick: skip }, "Skip to the process"),
  h(
    "header",
    { class: "top" },
    h(
      "a",
      { class: "brand", href: "#/" },
      h("img", { src: "icon.svg", alt: "", width: 24, height: 24 }),
      h("span", {}, "orchestrator"),
    ),
    toTasks,
    live,
    who,
  ),
  banner,
  h("div", { class: "columns" }, list.element, main),
  h("div", { id: "announcer", class: "unseen", "aria-live": "polite" }),
  h("div", { id: "notices", role: "status" }),
);

function skip(event: Event): void {
  event.preventDefault();
  main.focus();
}

function draw(): void {
  drawing = 0;
  list.update();
  if (process.element.isConnected) process.update();
  if (tasks.element.isConnected) tasks.update();
  count.textContent = inbox.count === null ? "" : String(inbox.count);
  count.classList.toggle("some", (inbox.count ?? 0) > 0);
  const words = pauseWords(store.stats?.engine);
  if (words !== pause) {
    pause = words;
    if (location.hash === "#/start") route(); // the list of workflows says which can start, and a pause changes that
  }
  reconcile(
    banner,
    words ? [{ key: "paused", signature: words, draw: () => h("p", { class: "banner", role: "status" }, words) }] : [],
  );
  document.title = `${title()}orchestrator`;
}

function title(): string {
  if (tasks.element.isConnected) return "My tasks · ";
  return store.process ? `${store.process.workflowName} · ` : "";
}

/** What the banner says while the engine starts nothing; empty while it works. */
function pauseWords(engine: Engine | undefined): string {
  if (!engine || engine.state === "RUNNING") return "";
  const by = engine.changedBy ? ` by ${engine.changedBy.name}` : "";
  const why = engine.reason ? `: ${engine.reason}` : "";
  const running = engine.state === "PAUSING" ? "Steps that run still finish. " : "";
  return `Engine paused${by}${why} — ${running}Answers and forms are kept.`;
}

function showState(state: LiveState): void {
  live.className = `live ${state}`;
  live.textContent = LIVE_WORDS[state];
}

function showViewer({ user }: Viewer): void {
  const out = h("button", { type: "button", class: "quiet", onclick: signOut }, "Sign out");
  who.replaceChildren(h("span", { class: "who-name" }, user?.name ?? ""), ...(storedToken() ? [out] : []));
}

function route(): void {
  const [, room, id] = location.hash.split("/").map(decodeURIComponent);
  app.dataset["room"] = room || "list";
  if (room === "start") main.replaceChildren(startView(id ?? null));
  else if (room === "tasks") main.replaceChildren(tasks.element);
  else if (room === "processes" && id) {
    process.enter();
    main.replaceChildren(process.element);
  } else
    main.replaceChildren(
      h("section", { class: "panel welcome" }, h("p", { class: "muted" }, "Choose a process to see its steps, live.")),
    );
  inbox.watch(room === "tasks");
  if (room === "tasks") toTasks.setAttribute("aria-current", "page");
  else toTasks.removeAttribute("aria-current");
  void store.select(room === "processes" && id ? id : null);
  window.scrollTo(0, 0);
}

let stopFollowing: (() => void) | null = null;

function startFollowing(): void {
  stopFollowing = follow({
    onState: showState,
    onBatch: ({ events }, fresh) => {
      if (fresh) void Promise.all([store.reload(), session.viewer?.user ? null : meet()]);
      else if (events.length) store.touch(events.map((event) => event.processId).filter((id) => id !== null));
      if (fresh || events.some((event) => event.__typename.startsWith("Input"))) inbox.touch();
    },
    onRefused: demandSignIn,
  });
}

/** Nothing of one person's may be left for the next. */
function signOut(): void {
  storeToken(null);
  history.replaceState(null, "", "#/");
  location.reload();
}

function demandWords(): string {
  if (!storedToken()) return "This server wants to know who asks. Enter the token that you were given.";
  const refused = "The server does not take the token of this tab any more.";
  return session.viewer ? `${refused} Sign in again: what you typed is still there.` : refused;
}

session.onDemand = () => {
  stopFollowing?.();
  app.hidden = true;
  const door = signInView(demandWords(), (viewer) => {
    const before = session.viewer;
    if (before && before.user?.id !== viewer.user?.id) return location.reload();
    session.isLocked = false;
    door.remove();
    app.hidden = false;
    enter(viewer);
  });
  document.body.append(door);
  door.querySelector("input")?.focus();
};

let isRouted = false;

function enter(viewer: Viewer): void {
  session.viewer = viewer;
  showViewer(viewer);
  if (!isRouted) {
    window.addEventListener("hashchange", route);
    startTicking();
    route();
    isRouted = true;
  }
  startFollowing();
  setTimeout(() => store.loaded || void store.reload().then(() => inbox.touch()), PATIENCE);
}

/** The server was away when the page was opened. */
async function meet(): Promise<void> {
  const found = await request<{ viewer: Viewer }>(VIEWER).catch(() => null);
  if (found) showViewer((session.viewer = found.viewer));
  drawSoon();
}

const NOBODY_KNOWN: Viewer = { user: null, assignees: [], permissions: [] };

/** Who asks is known before anything is drawn; where the server is away, the page waits for it as ever. */
async function begin(): Promise<void> {
  try {
    enter((await request<{ viewer: Viewer }>(VIEWER)).viewer);
  } catch (problem) {
    if (!(problem instanceof Unauthenticated)) enter(NOBODY_KNOWN);
  }
}

document.getElementById("app")?.replaceWith(app);
void begin();
