/** Secrets are typed once and sent once: nothing that may be one is ever stored in the browser. */
import { isEqual, isObject } from "../../api/json";
import { holdsMask } from "../masks";
import { asSchema, resolved, type Schema } from "../schema";
import type { Fields } from "./types";

const isMarked = ({ writeOnly, secret, format }: Schema): boolean =>
  writeOnly === true || secret === true || format === "password";

/**
 * True if a value of this schema may hold a secret at any depth: in a list, a union, a dict or a model. A schema may refer
 * to itself, so each reference is followed once.
 */
export function mayHoldSecret(schema: unknown, root: Schema, seen = new Set<unknown>()): boolean {
  if (Array.isArray(schema)) return schema.some((part) => mayHoldSecret(part, root, seen));
  if (!isObject(schema)) return false;
  const own = asSchema(schema);
  if (isMarked(own)) return true;
  const { $ref } = own;
  if ($ref !== undefined && !seen.has($ref)) {
    seen.add($ref);
    if (mayHoldSecret(resolved(own, root), root, seen)) return true;
  }
  return Object.entries(own).some(([key, part]) => {
    if (VALUES.has(key)) return false;
    if (MAPS.has(key)) return Object.values(asSchema(part)).some((below) => mayHoldSecret(below, root, seen));
    return mayHoldSecret(part, root, seen);
  });
}

/** Keywords whose content is values, not schemas. */
const VALUES = new Set(["default", "const", "enum", "examples", "options", "required", "$defs"]);

/** Keywords whose content is schemas by name: a field may be called `format`. */
const MAPS = new Set(["properties", "patternProperties", "dependentSchemas"]);

interface PageFacts {
  schema: unknown;
  initialData: unknown;
}

/** The fields of a page that may hold a secret: what is typed in the place of a mask is a secret, too. */
export function secretFields({ schema, initialData }: PageFacts): ReadonlySet<string> {
  const root = asSchema(schema);
  const came = asSchema(initialData);
  const fields = Object.entries(asSchema(root.properties));
  return new Set(fields.filter(([name, field]) => mayHoldSecret(field, root) || holdsMask(came[name])).map(([name]) => name));
}

/**
 * The values apart: those that may be stored, and those that may be secret. A field goes whole: a login without its
 * password would be sent as one that has none. A field that the page does not have is kept back too. A field as the server
 * sent it holds masks at most.
 */
export function partedBySecrecy(values: Fields, page: PageFacts): { plain: Fields; secret: Fields } {
  const hidden = secretFields(page);
  const known = asSchema(asSchema(page.schema).properties);
  const came = asSchema(page.initialData);
  const isPlain = (name: string): boolean => name in known && (!hidden.has(name) || isEqual(values[name], came[name]));
  const pick = (wanted: boolean): Fields =>
    Object.fromEntries(Object.entries(values).filter(([name]) => isPlain(name) === wanted));
  return { plain: pick(true), secret: pick(false) };
}

