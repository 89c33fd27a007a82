/**
 * What is sent for a page. Each top-level field is sent whole if it differs from what came, and not at all otherwise: so a
 * value that nobody touched is stored exactly, whatever a browser can hold.
 */
import { isEqual, isObject, type Json } from "../api/json";
import { emptied } from "./fresh";
import { holdsMask } from "./masks";
import { asSchema, isShownOnly, type Schema } from "./schema";

interface PageFacts {
  schema: unknown;
  initialData: unknown;
  /** Somebody has approved the form already: the values that came are those of that person. */
  isApproved?: boolean;
}

type Fields = { [key: string]: Json };

export function payloadOf({ schema, initialData, isApproved = false }: PageFacts, typed: unknown): Fields {
  const root = asSchema(schema);
  const came = isObject(initialData) ? (initialData as Fields) : {};
  const untouched = editable(root).filter(([name, field]) => isAbsentOtherwise(field, came[name], isApproved));
  return {
    ...Object.fromEntries(untouched.map(([name]) => [name, came[name] as Json])),
    ...changedFields({ schema, initialData }, typed),
  };
}

/** The fields that the person has changed. */
export function changedFields({ schema, initialData }: PageFacts, typed: unknown): Fields {
  const root = asSchema(schema);
  const came = isObject(initialData) ? initialData : {};
  const now = isObject(typed) ? typed : {};
  const changed = editable(root).filter(([name]) => !isEqual(now[name], came[name]));
  return Object.fromEntries(changed.map(([name, field]) => [name, valueOf(now[name], field, root)]));
}

function editable(root: Schema): [string, Schema][] {
  const fields = Object.entries(asSchema(root.properties)).map(([name, part]): [string, Schema] => [name, asSchema(part)]);
  return fields.filter(([, field]) => !isShownOnly(field, root));
}

/** A field that was cleared is empty: without a value, the server would take the default again. */
function valueOf(value: unknown, field: Schema, root: Schema): Json {
  return value === undefined ? emptied(field, root) : (value as Json);
}

/**
 * True if the server would take another value than the one that was shown: it makes a new one (`default_factory`), or it
 * takes the default although another person has approved another value. Then the shown value is sent. The masks of two
 * secrets look the same, so a mask of what was approved is always sent: the server puts the approved secret there.
 */
function isAbsentOtherwise(field: Schema, came: Json | undefined, isApproved: boolean): boolean {
  if (came === undefined) return false;
  if (isApproved && holdsMask(came)) return true;
  return field.writeOnly !== true && (!("default" in field) || !isEqual(field.default, came));
}
