/** Names of fields for the error summary, and the way from there to the field. */
import { idPart } from "../fields/context";
import { alternatives, asSchema, named, resolved, type Schema } from "../schema";

/** The label of the field at the path: `Ports 1 › VLAN`; null if the page has no such field. */
export function fieldLabel(path: readonly string[], schema: unknown): string | null {
  const root = asSchema(schema);
  const labels: string[] = [];
  let place: Schema | undefined = root;
  for (const key of path) {
    const inside: Schema | undefined = place && within(place, key, root);
    if (/^\d+$/.test(key) && labels.length) labels.push(`${labels.pop()} ${Number(key) + 1}`);
    else labels.push(typeof inside?.title === "string" ? inside.title : named(key));
    place = inside;
  }
  return labels.length ? labels.join(" › ") : null;
}

function within(schema: Schema, key: string, root: Schema): Schema | undefined {
  for (const choice of [resolved(schema, root), ...alternatives(schema, root)]) {
    const below = asSchema(choice.properties)[key] ?? (/^\d+$/.test(key) ? choice.items : undefined);
    if (below !== undefined) return asSchema(below);
  }
  return undefined;
}

const CONTROLS = "input:not([type=hidden]), select, textarea, [role=combobox], button";

/** Put the focus on the field of a problem: on its control, else on the first one that is marked as wrong. */
export function focusField(form: ParentNode, path: readonly string[]): void {
  for (let length = path.length; length > 0; length--) {
    const end = CSS.escape(`/${path.slice(0, length).map(idPart).join("/")}`);
    const found = form.querySelector<HTMLElement>(`[id$=${end}], [id$=${end}__group]`);
    const control = found?.matches(CONTROLS) ? found : found?.querySelector<HTMLElement>(CONTROLS);
    if (control) return control.focus();
  }
  form.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
}

/**
 * Put the focus on the first field that a person can fill in, else on the heading. A field that is still loaded gets it
 * when it comes, unless the person has gone elsewhere. The returned function ends the waiting.
 */
export function focusFirst(form: Element): () => void {
  if (focusFirstField(form)) return () => undefined;
  const heading = form.querySelector<HTMLElement>("[data-page-title]");
  heading?.focus();
  const watcher = new MutationObserver(() => {
    if (document.activeElement !== heading || focusFirstField(form)) watcher.disconnect();
  });
  watcher.observe(form, { childList: true, subtree: true });
  return () => watcher.disconnect();
}

function focusFirstField(form: Element): boolean {
  const fields = "input:not([type=hidden], [hidden], :disabled), select:not(:disabled), textarea:not(:disabled)";
  // The comment below the page is no field of the form.
  const first = [...form.querySelectorAll<HTMLElement>(`.wizard-fields :is(${fields})`)].find((field) => !field.closest(".wizard-side"));
  first?.focus();
  return first !== undefined;
}
