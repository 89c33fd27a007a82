/** One control for each simple kind of value: how it is drawn, and how what was typed is read back. */
import type { Json } from "../api";
import { h } from "../dom";
import { picker, SUBSCRIPTION_FORMAT } from "./picker";
import { asList, asRecord, type Schema } from "./schema";

/** `read` answers `undefined` where nothing was given: the server then takes the initial value. */
export interface Control {
  element: HTMLElement;
  /** What takes the focus, where that is not the element itself. */
  focusable?: HTMLElement;
  read: () => Json | undefined;
}

export interface Wanted {
  id: string;
  schema: Schema;
  ui: Schema;
  value: Json | undefined;
  nullable: boolean;
}

/** What the operator typed is not a value at all; said at the field before anything is sent. */
export class Unreadable extends Error {}

/** The choices of an `enum`, with the labels that pydantic-forms or the hints give them; "none" is drawn by the control. */
export function choices(schema: Schema, ui: Schema): { value: Json; label: string }[] {
  const labels = asRecord(schema["options"]);
  const names = asList(ui["ui:enumNames"]);
  return asList(schema["enum"])
    .map((value, index) => ({ value, label: String(names[index] ?? labels[String(value)] ?? value) }))
    .filter(({ value }) => value !== null);
}

function select({ id, schema, ui, value, nullable }: Wanted): Control {
  const options = choices(schema, ui);
  const chosen = options.findIndex((option) => option.value === value);
  const empty = h("option", { value: "", selected: chosen < 0, disabled: !nullable }, nullable ? "–" : "Choose…");
  const element = h(
    "select",
    { id },
    empty,
    options.map(({ label }, index) => h("option", { value: index, selected: index === chosen }, label)),
  );
  return {
    element,
    read: () => (element.value === "" ? (nullable ? null : undefined) : options[Number(element.value)]?.value),
  };
}

function checkbox({ id, value }: Wanted, checked: Json = true, unchecked: Json = false): Control {
  const element = h("input", { id, type: "checkbox", checked: value === checked });
  return { element, read: () => (element.checked ? checked : unchecked) };
}

function number({ id, schema, value, nullable }: Wanted): Control {
  const whole = schema["type"] === "integer";
  const element = h("input", {
    id,
    type: "number",
    inputmode: whole ? "numeric" : "decimal",
    value: typeof value === "number" ? value : "",
    step: typeof schema["multipleOf"] === "number" ? schema["multipleOf"] : whole ? 1 : "any",
    min: limit(schema["minimum"] ?? schema["exclusiveMinimum"]),
    max: limit(schema["maximum"] ?? schema["exclusiveMaximum"]),
  });
  const read = () => {
    if (element.validity.badInput) throw new Unreadable("This is not a number.");
    return element.value === "" ? (nullable ? null : undefined) : Number(element.value);
  };
  return { element, read };
}

const limit = (value: Json | undefined) => (typeof value === "number" ? value : null);

const INPUT_TYPES: Record<string, string> = {
  date: "date",
  time: "time",
  email: "email",
  uri: "url",
  password: "password",
};

function text({ id, schema, ui, value, nullable }: Wanted): Control {
  const long = schema["format"] === "long" || ui["ui:widget"] === "textarea";
  const initial = typeof value === "string" ? value : "";
  const shared = {
    id,
    maxlength: limit(schema["maxLength"]),
    placeholder: hint(ui),
    spellcheck: long && !looksLikeCode(initial) ? null : "false",
  };
  const element = long
    ? h(
        "textarea",
        {
          ...shared,
          class: looksLikeCode(initial) ? "code" : null,
          rows: Math.min(16, Math.max(4, initial.split("\n").length)),
        },
        "",
      )
    : h("input", {
        ...shared,
        type: INPUT_TYPES[String(schema["format"] ?? ui["ui:widget"])] ?? "text",
        autocomplete: "off",
      });
  element.value = initial;
  return {
    element,
    read: () =>
      element.value === "" && (nullable || isMoment(schema)) ? (nullable ? null : undefined) : element.value,
  };
}

/** A text with suggestions: type to search them, or type anything else. */
function suggested(wanted: Wanted): Control {
  const { id, schema } = wanted;
  const labels = (schema["options"] ?? {}) as Record<string, string>;
  const typed = text(wanted);
  typed.element.setAttribute("list", `${id}-list`);
  const list = h(
    "datalist",
    { id: `${id}-list` },
    asList(schema["examples"]).map((value) => h("option", { value: String(value) }, labels[String(value)] ?? "")),
  );
  return { element: h("div", {}, typed.element, list), read: typed.read };
}

const hint = (ui: Schema) => (typeof ui["ui:placeholder"] === "string" ? ui["ui:placeholder"] : null);
const looksLikeCode = (value: string) => /^\s*[[{<]/.test(value);
const isMoment = (schema: Schema) => schema["format"] === "date" || schema["format"] === "time";

/** A date with a time, typed by the reader's clock; sent as an instant, or as epoch seconds for pydantic-forms' `timestamp`. */
function instant({ id, schema, value, nullable }: Wanted): Control {
  const seconds = schema["format"] === "timestamp";
  const element = h("input", { id, type: "datetime-local", step: 1 });
  const start =
    value === null || value === undefined ? NaN : seconds ? Number(value) * 1000 : Date.parse(String(value));
  if (!Number.isNaN(start))
    element.value = new Date(start - new Date(start).getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
  const read = () => {
    if (element.value === "") return nullable ? null : undefined;
    const moment = new Date(element.value);
    return seconds ? Math.floor(moment.getTime() / 1000) : moment.toISOString();
  };
  return { element, read };
}

/** Anything this page has no better control for: JSON, typed by hand. */
function raw({ id, value, nullable }: Wanted): Control {
  const element = h("textarea", { id, class: "code", rows: 6, spellcheck: "false" });
  element.value = value === undefined ? "" : JSON.stringify(value, null, 2);
  const read = (): Json | undefined => {
    if (element.value.trim() === "") return nullable ? null : undefined;
    try {
      return JSON.parse(element.value) as Json;
    } catch {
      throw new Unreadable("This is not valid JSON.");
    }
  };
  return { element, read };
}

/** Several of an `enum`, as boxes to tick. */
export function boxes({ id, schema, ui, value }: Wanted): Control {
  const ticked = asList(value);
  const options = choices(schema, ui).map(({ value: option, label }, index) => {
    const box = h("input", { type: "checkbox", id: index ? `${id}-${index}` : id, checked: ticked.includes(option) });
    return { box, option, line: h("label", { class: "tick" }, box, label) };
  });
  return {
    element: h(
      "div",
      { class: "boxes" },
      options.map(({ line }) => line),
    ),
    read: () => options.filter(({ box }) => box.checked).map(({ option }) => option),
  };
}

/** The control for a value that is neither a list nor an object with named members. */
export function control(wanted: Wanted): Control {
  const { schema } = wanted;
  if (schema["format"] === "accept") return checkbox(wanted, "ACCEPTED", "INCOMPLETE");
  if ("enum" in schema) return select(wanted);
  if (schema["format"] === SUBSCRIPTION_FORMAT) return picker(wanted);
  if (schema["type"] === "string" && asList(schema["examples"]).length) return suggested(wanted);
  if (schema["format"] === "date-time" || schema["format"] === "timestamp") return instant(wanted);
  switch (schema["type"]) {
    case "boolean":
      return checkbox(wanted);
    case "integer":
    case "number":
      return number(wanted);
    case "string":
      return text(wanted);
    default:
      return raw(wanted);
  }
}
