/** The kinds of value that a union allows: their names, and which of them a value is. */
import { exactNumber, type Json } from "../api/json";
import { typeOf } from "./kinds";
import { looksLike } from "./moments";
import { alternatives, asSchema, resolved, type Schema } from "./schema";
import { isValid } from "./validator";

/** The alternatives of a union; an optional list or model has two: the absence of a value is the last. */
export function branchesOf(schema: Schema, root: Schema): Schema[] {
  const whole = resolved(schema, root);
  const found = whole.anyOf || whole.oneOf ? flattened(whole, root) : withoutNull(whole);
  return [...found.filter(({ type }) => type !== "null"), ...found.filter(({ type }) => type === "null").slice(0, 1)];
}

function flattened(schema: Schema, root: Schema): Schema[] {
  return alternatives(schema, root).flatMap((choice) =>
    (choice.anyOf || choice.oneOf) && choice.format !== "decimal" ? flattened(choice, root) : withoutNull(choice),
  );
}

/** `type: ["array", "null"]` as two schemas. */
function withoutNull(schema: Schema): Schema[] {
  if (!Array.isArray(schema.type) || !schema.type.includes("null")) return [schema];
  const { default: _default, ...own } = schema;
  return [{ ...own, type: typeOf(schema) }, { type: "null" }];
}

/** The index of the kind that the value is; -1 if there is no value. */
export function branchOf(value: Json | undefined, branches: readonly Schema[], root: Schema): number {
  if (value === undefined) return branches.findIndex(({ type }) => type === "null");
  const fitting = branches.findIndex((branch) => fits(value, branch, root));
  return fitting >= 0 ? fitting : branches.findIndex((branch) => isValid(branch, value, root));
}

function fits(value: Json, branch: Schema, root: Schema): boolean {
  // `1.0` is valid for an integer of JSON Schema, and is none for the server.
  if (branch.type === "integer" && /[.eE]/.test(exactNumber(value) ?? "")) return false;
  if (typeof value === "string" && typeof branch.format === "string" && !looksLike(branch.format, value)) return false;
  return isValid(branch, value, root);
}

const NAMES: Record<string, string> = {
  null: "Not set",
  boolean: "Yes or no",
  integer: "Whole number",
  number: "Number",
  string: "Text",
  array: "List",
  object: "Keys and values",
};

const FORMATS: Record<string, string> = {
  date: "Date",
  time: "Time",
  "date-time": "Date and time",
  duration: "Duration",
  decimal: "Decimal number",
  uuid: "UUID",
  email: "Email address",
  uri: "URL",
  binary: "Bytes",
  base64: "Bytes",
};

/** A name for each kind; two kinds never have the same name. */
export function namesOf(branches: readonly Schema[], root: Schema): string[] {
  const names = branches.map((branch) => nameOf(branch, root));
  return names.map((name, at) => {
    const before = names.slice(0, at).filter((other) => other === name).length;
    return before ? `${name} ${before + 1}` : name;
  });
}

function nameOf(branch: Schema, root: Schema): string {
  if (typeof branch.title === "string") return branch.title;
  if ("const" in branch) return String(branch.const);
  if (typeof branch.format === "string" && FORMATS[branch.format]) return FORMATS[branch.format] ?? "";
  const items = resolved(asSchema(branch.items), root);
  if (branch.type === "array" && Object.keys(items).length) return `List of ${nameOf(items, root).toLowerCase()}`;
  if (branch.enum) return "Choice";
  return NAMES[typeOf(branch)] ?? "Any value (JSON)";
}
