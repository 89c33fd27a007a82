/** JSON Schema as a form needs it: references followed, alternatives with null folded into "may be empty". */
import type { Json } from "../api";

export type Schema = { [key: string]: Json };

export const asRecord = (value: Json | undefined): Schema =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
export const asList = (value: Json | undefined): Json[] => (Array.isArray(value) ? value : []);

export interface Plain {
  schema: Schema;
  nullable: boolean;
}

/** One level of `schema` without `$ref`, `allOf` and alternatives; what stands nearer to the field wins. */
export function plain(schema: Schema, root: Schema, depth = 0): Plain {
  // A schema may refer to itself; a form of that depth is no form any more.
  if (depth > 16) return { schema: {}, nullable: false };
  const { $ref, allOf, anyOf, oneOf, ...own } = schema;
  const parts = [typeof $ref === "string" ? pointed($ref, root) : {}, ...asList(allOf).map(asRecord)];
  const choices = [...asList(anyOf), ...asList(oneOf)].map(asRecord);
  const filled = choices.filter((choice) => choice["type"] !== "null");
  if (filled[0] && !("type" in own)) parts.push(filled[0]);
  let nullable = filled.length < choices.length;
  let merged: Schema = {};
  for (const part of parts) {
    const inner = Object.keys(part).length ? plain(part, root, depth + 1) : { schema: {}, nullable: false };
    merged = { ...merged, ...inner.schema };
    nullable ||= inner.nullable;
  }
  merged = { ...merged, ...own };
  const types = asList(merged["type"]);
  if (types.length) {
    nullable ||= types.includes("null");
    merged["type"] = types.find((type) => type !== "null") ?? "null";
  }
  return { schema: merged, nullable };
}

function pointed(reference: string, root: Schema): Schema {
  const path = reference
    .replace(/^#\/?/, "")
    .split("/")
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  return path.reduce<Schema>((place, part) => asRecord(place[part]), root);
}

/** The pointer (RFC 6901) of a member. */
export function member(pointer: string, key: string | number): string {
  return `${pointer}/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

/** The label of a field without a title of its own: a title behind its `$ref` names a class, and no field. */
export function named(key: string): string {
  const words = key.replaceAll("_", " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1).toLowerCase();
}
