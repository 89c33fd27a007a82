/** A JSON Schema drawn as fields: each with its label, its help, its errors, and a way to read it. */
import type { Json } from "../api";
import { h, visible } from "../dom";
import { fixedView, valueView } from "../result";
import type { FieldError, FormPage } from "../model";
import { boxes, control, Unreadable, type Control } from "./controls";
import { asList, asRecord, member, named, plain, type Schema } from "./schema";

interface Spec {
  schema: Schema;
  ui: Schema;
  value: Json | undefined;
  pointer: string;
  label: string;
  required: boolean;
}

type Mark = (messages: string[]) => void;

/** One page of a form, drawn. */
export interface DrawnPage {
  element: HTMLElement;
  /** The values, or `null` where something typed is not a value: that is shown at its field. */
  read: () => Json | null;
  /** Put the errors at their fields and return those that belong to none. */
  show: (errors: FieldError[]) => FieldError[];
}

let drawnPages = 0;

export function drawPage(page: FormPage): DrawnPage {
  const drawing = new Drawing(asRecord(page.schema), `form-${(drawnPages += 1)}`);
  const body = drawing.members({
    schema: asRecord(page.schema),
    ui: asRecord(page.uiSchema),
    value: page.initialData,
    pointer: "",
    label: "",
    required: true,
  });
  const read = () => {
    drawing.show([]);
    drawing.problems = [];
    const value = body.read() ?? {};
    return drawing.problems.length ? (drawing.show(drawing.problems), null) : value;
  };
  return { element: body.element, read, show: (errors) => drawing.show(errors) };
}

/** The page to look at alone. What only shows something keeps its buttons: they fold, copy and unfold. */
export function lookedAt(page: FormPage): HTMLElement {
  const { element } = drawPage(page);
  const asking = <T extends HTMLElement>(what: string) =>
    [...element.querySelectorAll<T>(what)].filter((one) => !one.closest(".fixed"));
  for (const one of asking<HTMLInputElement>("input, select, textarea")) one.disabled = true;
  for (const one of asking("button")) one.remove();
  return element;
}

class Drawing {
  problems: FieldError[] = [];
  private readonly marks = new Map<string, Mark>();

  constructor(
    private readonly root: Schema,
    private readonly prefix: string,
  ) {}

  show(errors: FieldError[]): FieldError[] {
    const placed = new Map<string, string[]>();
    const left = errors.filter(({ pointer, message }) => {
      let place = pointer;
      while (place && !this.marks.has(place)) place = place.slice(0, place.lastIndexOf("/"));
      if (place) placed.set(place, [...(placed.get(place) ?? []), message]);
      return !place;
    });
    for (const [pointer, mark] of this.marks) mark(placed.get(pointer) ?? []);
    return left;
  }

  /** The named members of an object, in the order the hints ask for. */
  members({ schema, ui, value, pointer }: Spec): Control {
    const properties = asRecord(schema["properties"]);
    const order = asList(ui["ui:order"])
      .map(String)
      .filter((key) => key in properties);
    const keys = [...order, ...Object.keys(properties).filter((key) => !order.includes(key))];
    const parts = keys.map((key) => {
      const part = asRecord(properties[key]);
      const given = asRecord(value)[key];
      const required = asList(schema["required"]).includes(key);
      return {
        key,
        field: this.field({
          schema: part,
          ui: asRecord(ui[key]),
          value: given,
          pointer: member(pointer, key),
          label: named(key),
          required,
        }),
      };
    });
    const read = () => {
      const values = parts.map(({ key, field }) => [key, field.read()] as const);
      return Object.fromEntries(values.filter((entry): entry is [string, Json] => entry[1] !== undefined));
    };
    return {
      element: h(
        "div",
        { class: "members" },
        parts.map(({ field }) => field.element),
      ),
      read,
    };
  }

  private field(spec: Spec): Control {
    const { schema, nullable } = plain(spec.schema, this.root);
    const value = spec.value === undefined ? schema["default"] : spec.value;
    const label = String(spec.ui["ui:title"] ?? spec.schema["title"] ?? spec.label);
    const full = { ...spec, schema, value, label };
    if (schema["format"] === "hidden" || spec.ui["ui:widget"] === "hidden")
      return { element: h("span", { hidden: true }), read: () => value };
    if (DECORATIONS.has(String(schema["format"]))) return { element: decoration(full), read: () => undefined };
    if (isFixed(schema, spec.ui)) return this.fixed(full);
    if (schema["type"] === "object" && Object.keys(asRecord(schema["properties"])).length)
      return this.group(full, this.members(full));
    if (schema["type"] === "array") return this.list(full);
    const made = control({ id: this.id(spec.pointer), schema, ui: spec.ui, value, nullable });
    return this.labelled({ ...full, required: spec.required && !nullable && schema["type"] !== "boolean" }, made);
  }

  private id(pointer: string): string {
    return `${this.prefix}${pointer}`;
  }

  private labelled(spec: Spec, made: Control): Control {
    const id = this.id(spec.pointer);
    const tick = made.element instanceof HTMLInputElement && made.element.type === "checkbox";
    const label = h(
      "label",
      { for: id },
      spec.label,
      spec.required && h("span", { class: "required", "aria-hidden": "true" }, " *"),
    );
    const focusable = made.focusable ?? made.element;
    if (spec.required) focusable.setAttribute("aria-required", "true");
    const line = tick ? [h("div", { class: "tick" }, made.element, label)] : [label, made.element];
    return this.wrapped(spec, h("div", { class: "field" }, line), focusable, made.read);
  }

  private group(spec: Spec, made: Control): Control {
    const element = h("fieldset", { class: "field group" }, h("legend", {}, spec.label), made.element);
    return this.wrapped(spec, element, element, made.read);
  }

  /** Help below, errors below that, both told to assistive technology with the control itself. */
  private wrapped(spec: Spec, element: HTMLElement, focusable: HTMLElement, read: Control["read"]): Control {
    const id = this.id(spec.pointer);
    const help = String(spec.ui["ui:description"] ?? spec.ui["ui:help"] ?? spec.schema["description"] ?? "");
    const error = h("p", { class: "error", id: `${id}-error` });
    if (help) element.append(h("p", { class: "help", id: `${id}-help` }, help));
    element.append(error);
    focusable.setAttribute("aria-describedby", `${help ? `${id}-help ` : ""}${id}-error`);
    this.marks.set(spec.pointer, (messages) => {
      error.textContent = visible(messages.join(" "));
      if (messages.length) focusable.setAttribute("aria-invalid", "true");
      else focusable.removeAttribute("aria-invalid");
    });
    const guarded = () => {
      try {
        return read();
      } catch (problem) {
        if (!(problem instanceof Unreadable)) throw problem;
        this.problems.push({ pointer: spec.pointer, message: problem.message });
        return undefined;
      }
    };
    return { element, read: guarded };
  }

  /** Shown, not asked: what a client sends for it is ignored, so nothing is sent. */
  private fixed(spec: Spec): Control {
    const value = spec.value ?? spec.schema["const"] ?? null;
    const element = h(
      "div",
      { class: "field fixed" },
      h("h4", {}, spec.label),
      fixedView(value, spec.pointer.slice(1).replaceAll("/", "-")),
    );
    return this.wrapped(spec, element, element, () => undefined);
  }

  private list(spec: Spec): Control {
    const items = plain(asRecord(spec.schema["items"]), this.root).schema;
    const ui = asRecord(spec.ui["items"]);
    if ("enum" in items)
      return this.group(
        spec,
        boxes({ id: this.id(spec.pointer), schema: items, ui, value: spec.value, nullable: false }),
      );
    let rows: Control[] = [];
    const lines = h("div", { class: "items" });
    const draw = (values: (Json | undefined)[]) => {
      rows = values.map((value, index) =>
        this.field({
          schema: { ...items, title: `${spec.label} ${index + 1}` },
          ui,
          value,
          pointer: member(spec.pointer, index),
          label: "",
          required: true,
        }),
      );
      lines.replaceChildren(
        ...rows.map((row, index) =>
          h(
            "div",
            { class: "item" },
            row.element,
            this.remover(spec.label, index, () => draw(read().filter((_, other) => other !== index))),
          ),
        ),
      );
    };
    const read = () => rows.map((row) => row.read() ?? null);
    const smallest = Number(spec.schema["minItems"] ?? 0);
    const given = asList(spec.value);
    draw(given.length >= smallest ? given : [...given, ...Array<undefined>(smallest - given.length)]);
    const add = h(
      "button",
      { type: "button", class: "quiet", onclick: () => draw([...rows.map((row) => row.read()), undefined]) },
      "Add",
    );
    return this.group(spec, { element: h("div", {}, lines, add), read });
  }

  private remover(label: string, index: number, remove: () => void): HTMLElement {
    return h(
      "button",
      { type: "button", class: "quiet", "aria-label": `Remove ${label} ${index + 1}`, onclick: remove },
      "×",
    );
  }
}

const DECORATIONS = new Set(["label", "divider", "callout", "markdown", "summary"]);

function isFixed(schema: Schema, ui: Schema): boolean {
  const uniforms = asRecord(schema["uniforms"]);
  return (
    schema["readOnly"] === true ||
    "const" in schema ||
    uniforms["disabled"] === true ||
    ui["ui:readonly"] === true ||
    ui["ui:disabled"] === true
  );
}

function decoration({ schema, value, label }: Spec): HTMLElement {
  if (schema["format"] === "divider") return h("hr", {});
  if (schema["format"] === "label")
    return h("p", { class: "words" }, typeof value === "string" && value ? value : label);
  if (schema["format"] !== "callout")
    return h("div", { class: "words" }, typeof value === "string" ? value : valueView(value ?? null, "summary"));
  const { header, message } = asRecord(value);
  return h(
    "div",
    { class: "callout" },
    typeof header === "string" && h("strong", {}, header),
    typeof message === "string" && h("p", {}, message),
  );
}
