/**
 * What is sent for a page. Each top-level field is sent whole if it differs from what came, and not at all otherwise: so a
 * value that nobody touched is stored exactly, whatever a browser can hold.
 */
import { isEqual, isObject, type Json } from "../api/json";
import { asSchema, isNullable, isPlainText, isShownOnly, type Schema } from "./schema";

interface PageFacts {
  schema: unknown;
  initialData: unknown;
}

export function payloadOf({ schema, initialData }: PageFacts, typed: unknown): { [key: string]: Json } {
  const root = asSchema(schema);
  const came = isObject(initialData) ? initialData : {};
  const now = isObject(typed) ? typed : {};
  const payload: { [key: string]: Json } = {};
  for (const [name, part] of Object.entries(asSchema(root.properties))) {
    const field = asSchema(part);
    if (isShownOnly(field, root)) continue;
    if (!isEqual(now[name], came[name])) payload[name] = valueOf(now[name], field, root);
    else if (isMadeAnew(field, name, came)) payload[name] = came[name] as Json;
  }
  return payload;
}

/** A field that was cleared is empty: without a value, the server would take the default again. */
function valueOf(value: unknown, field: Schema, root: Schema): Json {
  if (value !== undefined) return value as Json;
  if (isNullable(field, root)) return null;
  return isPlainText(field, root) ? "" : null;
}

/** The server makes another value if this one is absent (`default_factory`), so the one that was shown is sent. */
function isMadeAnew(field: Schema, name: string, came: Record<string, unknown>): boolean {
  return !("default" in field) && name in came && came[name] !== undefined && field.writeOnly !== true;
}
