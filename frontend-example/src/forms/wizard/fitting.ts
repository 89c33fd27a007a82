/** What was typed into a page that is another one now: what still fits stays in its field, the rest can be read. */
import { isEqual } from "../../api/json";
import { alternatives, asList, asSchema, isShownOnly, resolved, type Schema } from "../schema";
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
function isOfType(value: unknown, field: Schema, root: Schema): boolean {
  if (value !== null && typeof value === "object") return false;
  const type = value === null ? ["null"] : TYPES[typeof value] ?? [];
  return alternatives(field, root).some((choice) => {
    const whole = resolved(choice, root);
    const choices = asList(whole.enum);
    if (choices.length) return choices.some((choice) => isEqual(choice, value));
    return [whole.type].flat().some((name) => type.includes(String(name)));
  });
}

const TYPES: Record<string, readonly string[]> = {
  // A number that JavaScript cannot hold is a marked text here.
  string: ["string", "integer", "number"],
  number: ["integer", "number"],
  boolean: ["boolean"],
};
