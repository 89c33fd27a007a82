/** Choose a workflow, fill in its form, and go straight to the process. */
import { freshKey, request, type Json } from "../api";
import { START_FORM, START_WORKFLOW, WORKFLOWS } from "../documents";
import { h } from "../dom";
import { conflict, Wizard, type Answer } from "../forms/wizard";
import { pageOf, type FormResult, type Refusal, type Workflow } from "../model";

export function startView(name: string | null): HTMLElement {
  const element = h("section", { class: "panel start" }, h("p", { class: "muted" }, "Loading…"));
  (name ? form(name) : catalogue()).then(
    (parts) => {
      element.replaceChildren(...parts);
      (element.querySelector<HTMLElement>("input, select, textarea") ?? element.querySelector("h2"))?.focus();
    },
    (problem: Error) => element.replaceChildren(h("p", { class: "failure" }, problem.message)),
  );
  return element;
}

async function catalogue(): Promise<HTMLElement[]> {
  const { workflows } = await request<{ workflows: { nodes: Workflow[] } }>(WORKFLOWS);
  const cards = workflows.nodes.map((workflow) => ({
    card: card(workflow),
    text: `${workflow.name} ${workflow.description ?? ""} ${workflow.target}`.toLowerCase(),
  }));
  const filter = (event: Event) => {
    const wanted = (event.target as HTMLInputElement).value.toLowerCase();
    for (const { card, text } of cards) card.hidden = !text.includes(wanted);
  };
  const search = h("input", {
    type: "search",
    placeholder: "Search",
    "aria-label": "Search workflows",
    oninput: filter,
  });
  return [
    h("h2", { tabindex: -1 }, "Start a workflow"),
    ...(cards.length > 6 ? [search] : []),
    h(
      "ul",
      { class: "cards" },
      cards.map(({ card }) => card),
    ),
    ...(cards.length ? [] : [h("p", { class: "empty" }, "The server offers no workflows.")]),
  ];
}

function card({ name, description, target, isStartable, blockedReason }: Workflow): HTMLElement {
  const words = [
    h("span", { class: "card-head" }, h("strong", {}, name), h("span", { class: "tag" }, target.toLowerCase())),
    description && h("span", { class: "muted" }, description),
  ];
  if (isStartable) return h("li", {}, h("a", { class: "card", href: `#/start/${encodeURIComponent(name)}` }, words));
  return h(
    "li",
    {},
    h(
      "div",
      { class: "card blocked" },
      words,
      h("span", { class: "error" }, blockedReason ?? "Cannot be started now."),
    ),
  );
}

async function form(workflowName: string): Promise<HTMLElement[]> {
  const { startForm } = await request<{ startForm: FormResult | Refusal }>(START_FORM, { workflowName });
  const title = [
    h("a", { class: "back", href: "#/start" }, "← All workflows"),
    h("h2", { tabindex: -1 }, workflowName),
  ];
  const first = pageOf(startForm);
  if (!first && "code" in startForm) return [...title, h("p", { class: "failure" }, conflict(startForm))];
  let sent = "";
  let key = freshKey();
  const send = async (pages: Json[]) => {
    // One key for one set of answers: a second click, or a retry after a lost answer, starts nothing twice.
    const text = JSON.stringify(pages);
    if (text !== sent) [sent, key] = [text, freshKey()];
    const { startWorkflow } = await request<{ startWorkflow: Answer }>(START_WORKFLOW, {
      input: { workflowName, pages, idempotencyKey: key },
    });
    return startWorkflow;
  };
  const done = (answer: Refusal & { process?: { id: string } }) => {
    location.hash = `#/processes/${encodeURIComponent(answer.process?.id ?? "")}`;
  };
  return [...title, new Wizard({ first, label: "Start", send, done }).element];
}
