/** What was typed into a page that is another one now: what still fits stays in its field, the rest can be read. */
import { exactNumber, isEqual, type Json } from "../../api/json";
import { alternatives, asList, asSchema, isShownOnly, type Schema } from "../schema";
import type { Fields } from "./types";

export interface Fitted {
  kept: Fields;
  lost: Fields;
}

/** `before` is the schema that the values were typed for; null if it is not known any more. */
export function fit(typed: Fields, before: unknown, now: unknown): Fitted {
  const root = asSchema(now);
  const fitted: Fitted = { kept: {}, lost: {} };
  for (const [name, value] of Object.entries(typed)) {
    const field = asSchema(root.properties)[name];
    const fits =
      field !== undefined &&
      !isShownOnly(asSchema(field), root) &&
      (isSameField(name, asSchema(before), root) || isOfType(value, asSchema(field), root));
    (fits ? fitted.kept : fitted.lost)[name] = value;
  }
  return fitted;
}

function isSameField(name: string, before: Schema, now: Schema): boolean {
  const [one, other] = [asSchema(before.properties)[name], asSchema(now.properties)[name]];
  return one !== undefined && isEqual(one, other) && isEqual(before.$defs ?? null, now.$defs ?? null);
}

/** A simple value fits a field of its type; whether its content is right, the server says at the field. */
function isOfType(value: Json, field: Schema, root: Schema): boolean {
  const types = typesOf(value);
  return alternatives(field, root).some((choice) => {
    const choices = asList(choice.enum);
    if (choices.length) return choices.some((known) => isEqual(known, value));
    return [choice.type].flat().some((name) => types.includes(String(name)));
  });
}

function typesOf(value: Json): readonly string[] {
  if (value === null) return ["null"];
  if (typeof value === "number" || exactNumber(value) !== null) return ["integer", "number"];
  return typeof value === "object" ? [] : [typeof value];
}
