/** Which field draws a value: decided by the JSON Schema of the value, and in a few cases by the value itself. */
import { isObject } from "../api/json";
import { isMask } from "./masks";
import { alternatives, asList, asSchema, isNullable, isShownOnly, resolved, type Schema } from "./schema";

/** What the server draws with a format of its own; see `forms/hints.py` of the server. */
const CONTENT = new Set(["hidden", "label", "divider", "callout", "markdown", "summary"]);
const MOMENTS = new Set(["date", "time", "date-time", "duration"]);
const BYTES = new Set(["binary", "base64", "base64url"]);
const CONTAINERS = new Set(["model", "dict", "list", "tuple", "choices"]);

export type Kind =
  | "accept" | "boolean" | "callout" | "choice" | "choices" | "decimal" | "dict" | "divider" | "file" | "hidden" | "json"
  | "label" | "lines" | "list" | "markdown" | "model" | "moment" | "number" | "picker" | "secret" | "shown" | "summary"
  | "text" | "timestamp" | "tuple" | "union";

/** True if the value is a secret: it is never shown, and can only be replaced. */
export function isSecret(schema: Schema, value: unknown): boolean {
  return schema.writeOnly === true || schema.format === "password" || isMask(value);
}

/** The choices of a schema without the absence of a value. */
export function filledAlternatives(schema: Schema, root: Schema): Schema[] {
  return alternatives(schema, root).filter((choice) => choice.type !== "null");
}

/** The schema that draws the value: `X | None` is drawn as `X`, which then may be empty. */
export function drawnSchema(schema: Schema, root: Schema): Schema {
  const whole = resolved(schema, root);
  const [only, ...more] = filledAlternatives(whole, root);
  if (!only || more.length || only === whole || whole.format === "decimal") return whole;
  const { anyOf: _anyOf, oneOf: _oneOf, ...own } = whole;
  return { ...only, ...own };
}

export function kindOf(schema: Schema, root: Schema, value: unknown): Kind {
  const format = String(schema.format ?? "");
  if (CONTENT.has(format)) return format as Kind;
  if (isShownOnly(schema, root) || "const" in schema || schema.type === "null") return "shown";
  const drawn = drawnSchema(schema, root);
  const kind = kindOfDrawn(drawn, root, value);
  return CONTAINERS.has(kind) && isNullable(schema, root) ? "union" : kind;
}

function kindOfDrawn(schema: Schema, root: Schema, value: unknown): Kind {
  const format = String(schema.format ?? "");
  if (isSecret(schema, value)) return "secret";
  if (format === "accept" || format === "decimal" || format === "timestamp") return format;
  if (schema.enum) return "choice";
  if (schema.anyOf || schema.oneOf) return isChoiceOfConstants(schema, root) ? "choice" : "union";
  switch (typeOf(schema)) {
    case "array":
      return kindOfList(schema, root, value);
    case "object":
      return isObject(schema.properties) || !hasOpenKeys(schema) ? "model" : "dict";
    case "boolean":
      return "boolean";
    case "integer":
    case "number":
      return "number";
    case "string":
      return kindOfText(format);
    default:
      return "json";
  }
}

function kindOfText(format: string): Kind {
  if (format === "subscriptionId") return "picker";
  if (MOMENTS.has(format)) return "moment";
  if (BYTES.has(format)) return "file";
  return format === "long" ? "lines" : "text";
}

function kindOfList(schema: Schema, root: Schema, value: unknown): Kind {
  if (schema.prefixItems) return "tuple";
  const picksOfSeveral = resolved(asSchema(schema.items), root).enum !== undefined;
  const items = Array.isArray(value) ? value : [];
  // Boxes cannot show a choice that was made twice.
  return picksOfSeveral && new Set(items).size === items.length ? "choices" : "list";
}

/** The one type of a schema besides null. */
export function typeOf(schema: Schema): string {
  const types = Array.isArray(schema.type) ? schema.type.filter((type) => type !== "null") : [schema.type];
  return types.length === 1 ? String(types[0]) : "";
}

const hasOpenKeys = (schema: Schema): boolean =>
  isObject(schema.additionalProperties) || schema.additionalProperties === true || isObject(schema.patternProperties);

/** `oneOf: [{const, title}, …]`, as other generators than pydantic write a choice. */
function isChoiceOfConstants(schema: Schema, root: Schema): boolean {
  return filledAlternatives(schema, root).every((choice) => "const" in choice);
}

/** The schema of the values of a dictionary. */
export function valuesOf(schema: Schema): Schema {
  const [first] = Object.values(asSchema(schema.patternProperties));
  return asSchema(first ?? schema.additionalProperties);
}

/** The keys of a model's fields in the order in which they are drawn. */
export function orderedKeys(schema: Schema, ui: Schema): string[] {
  const keys = Object.keys(asSchema(schema.properties));
  const first = asList(ui["ui:order"]).map(String).filter((key) => keys.includes(key));
  return [...first, ...keys.filter((key) => !first.includes(key))];
}
