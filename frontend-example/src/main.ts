/** Where the page is put together: the stream rings, the store reads, the views draw. */
import { h, reconcile } from "./dom";
import { follow, type LiveState } from "./live";
import type { Engine } from "./model";
import { Store } from "./store";
import { startTicking } from "./time";
import { listView } from "./views/list";
import { processView } from "./views/process";
import { startView } from "./views/start";

/** Without a stream after this long, show what plain HTTP says. */
const PATIENCE = 1_500;

const LIVE_WORDS: Record<LiveState, string> = {
  connecting: "Connecting",
  live: "Live",
  behind: "Catching up",
  reconnecting: "Reconnecting",
};

let drawing = 0;
const store = new Store(() => {
  drawing ||= requestAnimationFrame(draw);
});
const list = listView(store);
const process = processView(store);
const live = h("p", { class: "live", role: "status" }, "");
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
      h("img", { src: "/icon.svg", alt: "", width: 24, height: 24 }),
      "orchestrator",
    ),
    live,
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
  const words = pauseWords(store.stats?.engine);
  reconcile(
    banner,
    words ? [{ key: "paused", signature: words, draw: () => h("p", { class: "banner", role: "status" }, words) }] : [],
  );
  document.title = `${store.process ? `${store.process.workflowName} · ` : ""}orchestrator`;
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

function route(): void {
  const [, room, id] = location.hash.split("/").map(decodeURIComponent);
  app.dataset["room"] = room || "list";
  if (room === "start") main.replaceChildren(startView(id ?? null));
  else if (room === "processes" && id) main.replaceChildren(process.element);
  else
    main.replaceChildren(
      h("section", { class: "panel welcome" }, h("p", { class: "muted" }, "Choose a process to see its steps, live.")),
    );
  void store.select(room === "processes" && id ? id : null);
  window.scrollTo(0, 0);
}

document.getElementById("app")?.replaceWith(app);
window.addEventListener("hashchange", route);
startTicking();
route();
follow({
  onState: showState,
  onBatch: (batch, fresh) => {
    if (fresh) void store.reload();
    else if (batch.events.length) store.touch(batch.events.map((event) => event.processId).filter((id) => id !== null));
  },
});
setTimeout(() => store.loaded || void store.reload(), PATIENCE);
