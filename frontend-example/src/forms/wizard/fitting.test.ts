import { describe, expect, it } from "vitest";
import { fit } from "./fitting";

const page = (properties: object, more: object = {}) => ({ type: "object", properties, ...more });
const text = { type: "string" };
const ports = { type: "array", items: { $ref: "#/$defs/Port" } };

describe("what was typed into a form that changed", () => {
  it("stays in a field of the same type, and can be read otherwise", () => {
    const now = page({ name: { type: "string", maxLength: 3 }, count: text, level: { enum: ["low", "high"] }, fixed: { ...text, readOnly: true } });
    const typed = { name: "long name", count: 3, level: "none", fixed: "x", gone: "y" };
    expect(fit(typed, null, now)).toEqual({ kept: { name: "long name" }, lost: { count: 3, level: "none", fixed: "x", gone: "y" } });
  });

  it.each([
    [5, { type: "integer" }, true],
    ["\uE00012345678901234567890", { type: "integer" }, true],
    [null, { anyOf: [text, { type: "null" }] }, true],
    [null, text, false],
    [true, { type: "boolean" }, true],
    ["low", { enum: ["low"] }, true],
    ["x", { anyOf: [{ type: "integer" }, { $ref: "#/$defs/Text" }] }, true],
  ])("fits: %j in %j, %s", (value, field, fits) => {
    const { kept } = fit({ field: value }, null, page({ field }, { $defs: { Text: text } }));
    expect("field" in kept).toBe(fits);
  });

  it("keeps a list only if nothing of its schema changed", () => {
    const typed = { ports: [{ vlan: 1 }] };
    const before = page({ ports, name: text }, { $defs: { Port: { properties: { vlan: text } } } });
    const same = page({ ports, other: text }, { $defs: { Port: { properties: { vlan: text } } } });
    const other = page({ ports }, { $defs: { Port: { properties: { vlan: { type: "integer" } } } } });
    expect(fit(typed, before, same).kept).toEqual(typed);
    expect(fit(typed, before, other).lost).toEqual(typed);
    expect(fit(typed, null, same).lost).toEqual(typed);
  });
});
