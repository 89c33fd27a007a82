import { describe, expect, it } from "vitest";
import { partedBySecrecy, secretFields } from "./secrets";

const secret = { type: "string", format: "password", writeOnly: true };
const login = { type: "object", properties: { user: { type: "string" }, password: secret } };

const page = (properties: object, more: object = {}, initialData: object = {}) => ({
  schema: { type: "object", properties, ...more },
  initialData,
});

const CASES: readonly [string, object][] = [
  ["a write-only text", secret],
  ["a text with the format of a password", { type: "string", format: "password" }],
  ["a value that the author marked", { type: "string", secret: true }],
  ["a secret that may be absent", { anyOf: [secret, { type: "null" }] }],
  ["a model with a secret", login],
  ["a list of models", { type: "array", items: login }],
  ["a tuple", { type: "array", prefixItems: [{ type: "integer" }, secret] }],
  ["a dict", { type: "object", additionalProperties: secret }],
  ["a dict with patterns", { type: "object", patternProperties: { "^x": login } }],
  ["a union", { oneOf: [{ type: "integer" }, login] }],
  ["a model behind a reference", { $ref: "#/$defs/Login" }],
  ["a list of a union of references", { type: "array", items: { anyOf: [{ $ref: "#/$defs/Leaf" }, { $ref: "#/$defs/Login" }] } }],
  ["a model that refers to itself and to a secret", { $ref: "#/$defs/Tree" }],
];

const $defs = {
  Login: login,
  Leaf: { type: "object", properties: { format: { type: "string" }, default: { type: "string" } } },
  Tree: { type: "object", properties: { left: { $ref: "#/$defs/Tree" }, right: { $ref: "#/$defs/Tree" }, key: secret } },
  Plain: { type: "object", properties: { left: { $ref: "#/$defs/Plain" }, right: { $ref: "#/$defs/Plain" } } },
};

describe("what may be secret", () => {
  it.each(CASES)("is %s", (_, field) => {
    expect(secretFields(page({ field }, { $defs }))).toEqual(new Set(["field"]));
  });

  it.each([
    ["a text", { type: "string" }],
    ["a model that refers to itself", { $ref: "#/$defs/Plain" }],
    ["a model whose fields are called as keywords", { $ref: "#/$defs/Leaf" }],
    ["a default that looks like a schema", { type: "object", default: { writeOnly: true } }],
  ])("is not %s", (_, field) => {
    expect(secretFields(page({ field }, { $defs }))).toEqual(new Set());
  });

  it("is what the server hid, whatever its schema says", () => {
    const hidden = page({ a: { type: "string" }, b: { type: "object" } }, {}, { a: "[redacted]", b: { c: ["x **********"] } });
    expect(secretFields(hidden)).toEqual(new Set(["a", "b"]));
  });

  it("is no mask that nobody touched", () => {
    const came = { password: "[redacted]", login: { user: "u", password: "[redacted]" } };
    const facts = page({ password: secret, login }, {}, came);
    expect(partedBySecrecy(structuredClone(came), facts)).toEqual({ plain: came, secret: {} });
    expect(partedBySecrecy({ password: "typed", login: came.login }, facts).secret).toEqual({ password: "typed" });
  });

  it("is kept apart, whole, and so is a field that the page does not have", () => {
    const values = { name: "x", login: { user: "u", password: "p" }, stranger: 1 };
    expect(partedBySecrecy(values, page({ name: { type: "string" }, login }))).toEqual({
      plain: { name: "x" },
      secret: { login: { user: "u", password: "p" }, stranger: 1 },
    });
  });
});
