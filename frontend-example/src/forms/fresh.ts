/** The first value of what the person adds: an item of a list, a part that was not set, another kind of a union. */
import type { Json } from "../api/json";
import { filledAlternatives, typeOf, valuesOf } from "./kinds";
import { asList, asSchema, isNullable, isPlainText, resolved, type Schema } from "./schema";

/** The default of the schema if it has any, else an empty value; null if only the person can know. */
export function fresh(schema: Schema, root: Schema): Json {
  const whole = resolved(schema, root);
  if (whole.default !== undefined) return whole.default;
  if (whole.const !== undefined) return whole.const;
  if (isNullable(whole, root)) return null;
  if (whole.anyOf || whole.oneOf) return freshUnion(whole, root);
  switch (typeOf(whole)) {
    case "array":
      return asList(whole.prefixItems).map((item) => fresh(asSchema(item), root));
    case "object":
      return freshObject(whole, root);
    default:
      return isPlainText(whole, root) ? "" : null;
  }
}

function freshUnion(schema: Schema, root: Schema): Json {
  const [first] = filledAlternatives(schema, root);
  return first && schema.format !== "decimal" ? fresh(first, root) : null;
}

/** Only the fields whose first value is known: the server asks for the others. */
function freshObject(schema: Schema, root: Schema): Json {
  const fields = Object.entries(asSchema(schema.properties)).map(([key, part]) => [key, resolved(asSchema(part), root)] as const);
  const known = fields.filter(([, part]) => part.default !== undefined || part.const !== undefined || isContainer(part));
  return Object.fromEntries(known.map(([key, part]) => [key, fresh(part, root)]));
}

const isContainer = (schema: Schema): boolean => ["array", "object"].includes(typeOf(schema));

/** What a field holds after the person has emptied it: empty, and never absent, for then the default would come back. */
export function emptied(schema: Schema, root: Schema): Json {
  return !isNullable(schema, root) && isPlainText(schema, root) ? "" : null;
}

/**
 * The values that a page begins with. A list or a model that must be given and has no value is drawn empty, so it is empty:
 * a person who agrees with an empty list has nothing to type.
 */
export function beginning(schema: Schema, came: { [key: string]: Json }): { [key: string]: Json } {
  const required = asList(schema.required).map(String);
  const absent = Object.entries(asSchema(schema.properties))
    .map(([key, part]) => [key, resolved(asSchema(part), schema)] as const)
    .filter(([key, part]) => !(key in came) && required.includes(key) && isContainer(part) && !isNullable(part, schema) && !part.prefixItems);
  return { ...came, ...Object.fromEntries(absent.map(([key, part]) => [key, fresh(part, schema)])) };
}

/** True if values of the schema are, or hold, secrets: such a field is never kept as a draft. */
export function holdsSecret(schema: Schema, root: Schema, seen: ReadonlySet<Json> = new Set()): boolean {
  const reference = schema.$ref ?? null;
  if (reference !== null && seen.has(reference)) return false;
  const within = new Set([...seen, reference]);
  const whole = resolved(schema, root);
  if (whole.writeOnly === true || whole.format === "password") return true;
  const parts = [
    ...Object.values(asSchema(whole.properties)),
    ...[whole.anyOf, whole.oneOf, whole.prefixItems].flatMap(asList),
    whole.items,
    valuesOf(whole),
  ];
  return parts.some((part) => Object.keys(asSchema(part)).length > 0 && holdsSecret(asSchema(part), root, within));
}
