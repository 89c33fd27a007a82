import { describe, expect, it } from "vitest";
import { parse, stringify, type Json } from "../api/json";
import { branchesOf, branchOf, namesOf } from "./branches";
import { beginning, emptied, fresh, holdsSecret } from "./fresh";
import { kindOf } from "./kinds";
import { changedAt } from "./paths";
import type { Schema } from "./schema";

const root: Schema = {
  $defs: {
    Port: { type: "object", title: "Port", properties: { name: { type: "string", default: "eth0" }, vlan: { type: "integer" }, tags: { type: "array" } }, required: ["vlan"] },
    Ring: { type: "object", title: "Ring", properties: { kind: { const: "ring", default: "ring" } }, required: [] },
    Tree: { type: "object", properties: { children: { type: "array", items: { $ref: "#/$defs/Tree" } } } },
    Login: { type: "object", properties: { token: { type: "string", writeOnly: true } } },
  },
};
const nullable = (schema: Schema): Schema => ({ anyOf: [schema as Json, { type: "null" }] });

describe("the kind of a field", () => {
  it.each<[Schema, Json | undefined, string]>([
    [{ type: "string" }, "x", "text"],
    [{ type: "string" }, "[redacted]", "secret"],
    [{ type: "integer", writeOnly: true }, "[redacted]", "secret"],
    [{ type: ["string", "null"], format: "date-time" }, null, "moment"],
    [{ anyOf: [{ type: "number" }, { type: "string" }], format: "decimal" }, "1.10", "decimal"],
    [nullable({ anyOf: [{ type: "number" }, { type: "string" }], format: "decimal" }), null, "decimal"],
    [{ anyOf: [{ type: "integer" }, { type: "string" }] }, 1, "union"],
    [nullable({ $ref: "#/$defs/Port" }), null, "union"],
    [{ type: ["array", "null"], items: {} }, null, "union"],
    [{ $ref: "#/$defs/Port" }, undefined, "model"],
    [{ enum: ["a", 1, null] }, 1, "choice"],
    [{ type: "array", items: { enum: ["a", "b"] } }, ["a"], "choices"],
    [{ type: "array", items: { enum: ["a", "b"] } }, ["a", "a"], "list"],
    [{ type: "array", prefixItems: [{}] }, undefined, "tuple"],
    [{ type: "object", additionalProperties: true }, {}, "dict"],
    [{ type: "object", patternProperties: { "^a": {} } }, {}, "dict"],
    [{}, undefined, "json"],
    [nullable({}), null, "json"],
    [{ type: "string", format: "binary" }, "", "file"],
    [{ type: "string", format: "subscriptionId" }, undefined, "picker"],
    [{ const: 3, type: "integer" }, 3, "shown"],
    [{ type: "string", readOnly: true }, "x", "shown"],
    [{ type: ["object", "null"], format: "callout", readOnly: true }, {}, "callout"],
  ])("%j with %j is %s", (schema, value, kind) => {
    expect(kindOf(schema, root, value)).toBe(kind);
  });
});

describe("a union", () => {
  const union: Schema = { anyOf: [{ type: "string", format: "date" }, { type: "integer" }, { type: "string" }, { $ref: "#/$defs/Port" }, { type: "null" }] };
  const branches = branchesOf(union, root);

  it.each([
    ['"2026-01-02"', "Date"],
    ['"router-7"', "Text"],
    ["12345678901234567890", "Whole number"],
    ['{"vlan": 1}', "Port"],
    ["null", "Not set"],
  ])("knows which kind %s is", (value, name) => {
    expect(namesOf(branches, root)[branchOf(parse(value) as Json, branches, root)]).toBe(name);
  });

  it("leaves formats to the server: it accepts what a browser's validator refuses", () => {
    const moments = branchesOf({ anyOf: [{ type: "integer" }, ...["date-time", "time", "duration"].map((format) => ({ type: "string", format }))] }, root);
    const found = ["2026-10-25T02:30:00", "02:30:00", "PT1.5S"].map((value) => moments[branchOf(value, moments, root)]?.format);
    expect(found).toEqual(["date-time", "time", "duration"]);
  });

  it("knows that 1.0 is no whole number", () => {
    const numbers = branchesOf({ anyOf: [{ type: "integer" }, { type: "number", minimum: "\uE0000.0" }] }, root);
    expect(namesOf(numbers, root)[branchOf(parse("1.0", true) as Json, numbers, root)]).toBe("Number");
    expect(namesOf(numbers, root)[branchOf(parse("1", true) as Json, numbers, root)]).toBe("Whole number");
  });

  it("has no kind for a value that is none of them", () => {
    expect(branchOf([], branches, root)).toBe(-1);
  });

  it("gives two kinds of the same name two names", () => {
    expect(namesOf([{ type: "string" }, { type: "string" }], root)).toEqual(["Text", "Text 2"]);
  });
});

describe("a first value", () => {
  it("is the default of each part, and nothing where only the person knows", () => {
    expect(fresh({ $ref: "#/$defs/Port" }, root)).toEqual({ name: "eth0", tags: [] });
    expect(fresh({ $ref: "#/$defs/Ring" }, root)).toEqual({ kind: "ring" });
    expect(fresh({ $ref: "#/$defs/Tree" }, root)).toEqual({ children: [] });
    expect(fresh({ type: "integer" }, root)).toBeNull();
    expect(fresh({ type: "string" }, root)).toBe("");
  });

  it("of a cleared field is empty: null if that is allowed, and never the default", () => {
    expect(emptied({ type: ["string", "null"], default: "d" }, root)).toBeNull();
    expect(emptied({ type: "string", default: "d" }, root)).toBe("");
    expect(emptied({ type: "integer", default: 1 }, root)).toBeNull();
    expect(["long", "password", "date"].map((format) => emptied({ type: "string", format }, root))).toEqual(["", "", null]);
  });

  it("of a page fills in the lists that must be given, and leaves the other fields absent", () => {
    const page: Schema = { properties: { ports: { type: "array" }, count: { type: "integer" }, optional: { type: "array" } }, required: ["ports", "count"] };
    expect(beginning(page, {})).toEqual({ ports: [] });
    expect(beginning(page, { ports: [1] })).toEqual({ ports: [1] });
  });
});

it("a secret is found at any depth, and a schema that refers to itself has an end", () => {
  expect(holdsSecret({ type: "array", items: nullable({ $ref: "#/$defs/Login" }) as Json }, root)).toBe(true);
  expect(holdsSecret({ type: "object", additionalProperties: { $ref: "#/$defs/Login" } }, root)).toBe(true);
  expect(holdsSecret({ $ref: "#/$defs/Tree" }, root)).toBe(false);
});

it("a change at a path leaves everything else as it was", () => {
  const before = parse('{"b": [{"x": 12345678901234567890}, 2], "__proto__": {"a": 1}, "10": 0}') as Json;
  expect(stringify(changedAt(before, ["b", 1], 3))).toBe(stringify(before).replace(",2]", ",3]"));
  expect(stringify(changedAt(before, ["__proto__", "a"], 2))).toContain('"__proto__":{"a":2}');
  expect(changedAt(null, ["a", "b"], 1)).toEqual({ a: { b: 1 } });
});
