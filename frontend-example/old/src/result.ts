/** What a remote service said, as text: never as markup, cut where it would slow the page, whole on request. */
import { request, type Json } from "./api";
import { RESULT_SLICE } from "./documents";
import { h, notify, visible, type Child } from "./dom";
import type { Callback } from "./model";

const SHOWN = 100_000;
const FIELDS = 60;

export function bytes(count: number): string {
  if (count < 1_000) return `${count} B`;
  return count < 1_000_000 ? `${(count / 1_000).toFixed(1)} kB` : `${(count / 1_000_000).toFixed(1)} MB`;
}

const pretty = (value: Json): string => (typeof value === "string" ? value : JSON.stringify(value, null, 2));
const isRecord = (value: Json): value is { [key: string]: Json } =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isLines = (value: Json): value is string[] =>
  Array.isArray(value) && value.length > 0 && value.every((line) => typeof line === "string");

/** A value for reading: an object field by field, a list of lines as lines, anything else as JSON. */
function readable(value: Json): Child {
  if (isRecord(value) && Object.keys(value).length > 0 && Object.keys(value).length <= FIELDS)
    return h(
      "dl",
      { class: "fields" },
      Object.entries(value).map(([key, part]) => h("div", {}, h("dt", {}, key), h("dd", {}, fieldValue(part)))),
    );
  return block(isLines(value) ? value.join("\n") : pretty(value));
}

function fieldValue(value: Json): Child {
  if (isLines(value)) return block(value.join("\n"));
  if (typeof value === "string" && (value.includes("\n") || value.length > 200)) return block(value);
  if (typeof value === "object" && value !== null) return block(pretty(value));
  return h(
    "span",
    { class: `scalar ${typeof value}` },
    typeof value === "string" ? value || "(empty)" : value === null ? "–" : String(value),
  );
}

function block(text: string): HTMLElement {
  return h("pre", { tabindex: 0 }, text.slice(0, SHOWN));
}

function download(text: string, name: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }));
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

function tools(whole: () => Promise<string>, name: string, note: string): HTMLElement {
  const attempt = (use: (text: string) => unknown) => () =>
    void whole()
      .then(use)
      .catch((problem: Error) => notify(problem.message));
  const copy = async (text: string) => {
    await navigator.clipboard.writeText(text);
    notify("Copied.", "good");
  };
  return h(
    "p",
    { class: "tools" },
    note && h("span", { class: "muted" }, note),
    h("button", { type: "button", class: "quiet", onclick: attempt(copy) }, "Copy"),
    h("button", { type: "button", class: "quiet", onclick: attempt((text) => download(text, name)) }, "Download"),
  );
}

/** Any JSON value with its tools. */
export function valueView(value: Json, name: string): HTMLElement {
  const text = pretty(value);
  const cut = text.length > SHOWN;
  const note = cut ? `The first ${bytes(SHOWN)} of ${bytes(text.length)}.` : "";
  return h(
    "div",
    { class: "result" },
    cut ? block(text) : readable(value),
    tools(() => Promise.resolve(text), `${name}.${typeof value === "string" ? "txt" : "json"}`, note),
  );
}

/** A value beside a button that says yes to it: a word stays a word, everything larger gets its tools. */
export function fixedView(value: Json, name: string): HTMLElement {
  const isShort =
    value === null || typeof value !== "object" ? String(value).length <= 200 && !String(value).includes("\n") : false;
  return isShort ? h("p", {}, fieldValue(value)) : valueView(value, name);
}

/** The result of a callback; a large one is fetched in slices, and only when somebody asks. */
export function resultView(callback: Callback): HTMLElement {
  if (!callback.isTruncated) return valueView(callback.result, `result-${callback.id}`);
  const size = bytes(callback.resultBytes ?? 0);
  const shown = block(callback.resultPreview ?? "");
  const more = h(
    "button",
    {
      type: "button",
      class: "quiet",
      onclick: () => void slices(callback.id, SHOWN).then(show, (problem: Error) => notify(problem.message)),
    },
    "Show more",
  );
  const show = (text: string) => {
    shown.textContent = visible(text.slice(0, SHOWN));
    more.remove();
  };
  const whole = tools(() => slices(callback.id, Infinity), `result-${callback.id}.json`, `The beginning of ${size}.`);
  whole.append(more);
  return h("div", { class: "result" }, shown, whole);
}

async function slices(id: string, atLeast: number): Promise<string> {
  let text = "";
  for (let offset: number | null = 0; offset !== null && text.length < atLeast;) {
    const { node }: Slices = await request<Slices>(RESULT_SLICE, { id, offset });
    text += node?.resultText?.text ?? "";
    offset = node?.resultText?.nextOffset ?? null;
  }
  return text;
}

interface Slices {
  node: { resultText: { text: string; nextOffset: number | null } | null } | null;
}
