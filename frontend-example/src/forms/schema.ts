/** What a form needs to know of a JSON Schema. */
import { isObject, type Json } from "../api/json";

export type Schema = { [key: string]: Json | undefined };

export const asSchema = (value: unknown): Schema => (isObject(value) ? (value as Schema) : {});
export const asList = (value: unknown): readonly Json[] => (Array.isArray(value) ? (value as Json[]) : []);

/** References of references that are followed at most: a schema may refer to itself. */
const DEEPEST = 32;

/** The schema with its `$ref` followed; what stands beside the reference wins. */
export function resolved(schema: Schema, root: Schema): Schema {
  let found = schema;
  for (let depth = 0; typeof found.$ref === "string" && depth < DEEPEST; depth++) {
    const { $ref, ...own } = found;
    found = { ...pointed($ref, root), ...own };
  }
  return found;
}

function pointed(reference: string, root: Schema): Schema {
  const path = reference.replace(/^#\/?/, "").split("/");
  const keys = path.map((part) => decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~"));
  return keys.reduce<Schema>((place, key) => asSchema(place[key]), root);
}

/** The alternatives of a schema, or the schema alone; each with its reference followed. */
export function alternatives(schema: Schema, root: Schema): Schema[] {
  const whole = resolved(schema, root);
  const choices = [...asList(whole.anyOf), ...asList(whole.oneOf)].map((choice) => resolved(asSchema(choice), root));
  return choices.length ? choices : [whole];
}

function typesOf(schema: Schema): readonly Json[] {
  return Array.isArray(schema.type) ? asList(schema.type) : [schema.type ?? null];
}

/** True if null is a value of the schema. */
export function isNullable(schema: Schema, root: Schema): boolean {
  return alternatives(schema, root).some(
    (choice) => typesOf(choice).includes("null") || choice.const === null || asList(choice.enum).includes(null),
  );
}

/** Formats that say only how a text is drawn: each text has them. */
const DRAWN_ONLY: readonly Json[] = ["long", "password"];

/** True if every text is a value of the schema, the empty one too. */
export function isPlainText(schema: Schema, root: Schema): boolean {
  return alternatives(schema, root).some(
    ({ format, ...choice }) =>
      typesOf(choice).includes("string") &&
      (format === undefined || DRAWN_ONLY.includes(format)) &&
      !["enum", "const", "pattern"].some((key) => choice[key] !== undefined),
  );
}

/** A field that a person does not answer: nothing is sent for it. */
export function isShownOnly(schema: Schema, root: Schema): boolean {
  const whole = resolved(schema, root);
  const { disabled } = asSchema(whole.extraProperties);
  return whole.readOnly === true || disabled === true;
}

/** The label of a field without a title of its own: a title behind its `$ref` names a class, and no field. */
export function named(key: string): string {
  const words = key.replaceAll("_", " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1).toLowerCase();
}

/** The label of a field: its own title, else its key in words. */
export function labelOf(key: string, schema: Schema): string {
  return typeof schema.title === "string" && schema.title ? schema.title : named(key);
}
