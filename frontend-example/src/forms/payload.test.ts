import { describe, expect, it } from "vitest";
import { parse, stringify } from "../api/json";
import { payloadOf } from "./payload";

const text = { type: "string", default: "d" };
const page = (properties: object, initialData: unknown, more: object = {}) => ({
  schema: { type: "object", properties, ...more },
  initialData,
});

describe("what is sent for a page", () => {
  it("is nothing if nobody touched it", () => {
    const came = parse('{"long": 12345678901234567890, "list": [1, {"a": null}], "none": null}') as object;
    const fields = Object.entries(came).map(([name, value]) => [name, { default: structuredClone(value) }]);
    expect(payloadOf(page(Object.fromEntries(fields), came), structuredClone(came))).toEqual({});
  });

  it("is the shown value if another person has approved a value that is not the default", () => {
    expect(payloadOf(page({ a: text, b: text }, { a: "d", b: "e" }), { a: "d", b: "e" })).toEqual({ b: "e" });
  });

  it("is a changed field whole, with what a browser cannot hold", () => {
    const came = parse('{"a": {"n": 12345678901234567890, "m": 1}}') as { a: object };
    const facts = page({ a: { default: {} } }, came);
    expect(stringify(payloadOf(facts, { a: { ...came.a, m: 2 } }))).toBe('{"a":{"n":12345678901234567890,"m":2}}');
  });

  it.each([
    [{ anyOf: [{ type: "string" }, { type: "null" }], default: "d" }, null],
    [{ type: ["string", "null"], default: "d" }, null],
    [text, ""],
    [{ type: "string", format: "date", default: "2026-01-01" }, null],
    [{ type: "integer", default: 1 }, null],
    [{ $ref: "#/$defs/Text", default: "d" }, ""],
  ])("is an empty value if a field was cleared: %j", (field, value) => {
    const facts = page({ field }, { field: "d" }, { $defs: { Text: { type: "string" } } });
    expect(payloadOf(facts, {})).toEqual({ field: value });
  });

  it("is the shown value of a field that the server would make anew", () => {
    expect(payloadOf(page({ id: { type: "string" } }, { id: "x1" }), { id: "x1" })).toEqual({ id: "x1" });
  });

  it("is never a field that is only shown, and never an untouched secret", () => {
    const facts = page(
      { shown: { type: "string", readOnly: true }, secret: { type: "string", writeOnly: true } },
      { shown: "s", secret: "********" },
    );
    expect(payloadOf(facts, { shown: "changed", secret: "********" })).toEqual({});
    expect(payloadOf(facts, { shown: "s", secret: "new" })).toEqual({ secret: "new" });
  });

  it("is each mask as it came if another person has approved the page: the server puts the approved secret there", () => {
    const secret = { type: "string", writeOnly: true };
    const mask = "[redacted]";
    const properties = {
      typed: secret,
      preset: { ...secret, default: mask },
      unset: { ...secret, default: null },
      login: { default: { user: "u", password: mask } },
      shown: { ...secret, readOnly: true },
      plain: text,
    };
    const came = { typed: mask, preset: mask, unset: null, login: { user: "u", password: mask }, shown: mask, plain: "d" };
    const facts = page(properties, came);
    expect(payloadOf(facts, came)).toEqual({});
    expect(payloadOf({ ...facts, isApproved: true }, came)).toEqual({ typed: mask, preset: mask, login: came.login });
    expect(payloadOf({ ...facts, isApproved: true }, { ...came, typed: "new" })).toMatchObject({ typed: "new", preset: mask });
  });

  it("leaves out fields that the page does not have", () => {
    expect(payloadOf(page({ a: text }, { a: "d" }), { a: "e", stranger: 1 })).toEqual({ a: "e" });
  });
});
