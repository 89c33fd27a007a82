/**
 * The validator that rjsf asks. It says only which kind of a union a value is: whether a form is right, the server says.
 * Formats are dropped, because the server accepts times and durations that a browser's validator refuses.
 */
import { Validator, type Schema as CfSchema } from "@cfworker/json-schema";
import type { RJSFSchema, ValidatorType } from "@rjsf/utils";
import { isObject, stringify } from "../api/json";
import type { Schema } from "./schema";

const known = new WeakMap<object, WeakMap<object, Validator>>();

export function isValid(schema: Schema, value: unknown, root: Schema): boolean {
  if (value === undefined) return false;
  return validatorOf(schema, root).validate(plain(value)).valid;
}

/** A number that JavaScript cannot hold is a marked text in a form: here its nearest number is enough. */
const plain = (value: unknown): unknown => JSON.parse(stringify(value));

function validatorOf(schema: Schema, root: Schema): Validator {
  const ofRoot = known.get(root) ?? new WeakMap<object, Validator>();
  known.set(root, ofRoot);
  const made = ofRoot.get(schema) ?? new Validator(withoutFormats(plain({ ...schema, $defs: root.$defs })) as CfSchema, "2020-12", true);
  ofRoot.set(schema, made);
  return made;
}

/** The names in these places are names of fields, not of keywords. */
const NAMED = new Set(["properties", "patternProperties", "$defs"]);
const DATA = new Set(["default", "const", "enum", "examples", "discriminator", "extraProperties", "uniforms", "options", "data"]);

function withoutFormats(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutFormats);
  if (!isObject(schema)) return schema;
  const kept = Object.entries(schema).filter(([key, below]) => key !== "format" && below !== undefined);
  return Object.fromEntries(
    kept.map(([key, below]) => {
      if (DATA.has(key)) return [key, below];
      const isNamed = NAMED.has(key) && isObject(below);
      return [key, isNamed ? Object.fromEntries(Object.entries(below).map(([name, part]) => [name, withoutFormats(part)])) : withoutFormats(below)];
    }),
  );
}

const NO_ERRORS = { errors: [], errorSchema: {} };

export const validator: ValidatorType = {
  isValid: (schema: RJSFSchema, value: unknown, root: RJSFSchema) => isValid(schema as Schema, value, root as Schema),
  validateFormData: () => NO_ERRORS,
  rawValidation: () => ({}),
};
