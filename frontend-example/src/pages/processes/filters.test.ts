import { describe, expect, it } from "vitest";
import { changed, localOf, momentOf, toggled } from "../../components/filters/address";
import { activeFilters, filtersOf, processFilterOf } from "./filters";

const parsed = (search: string) => filtersOf(new URLSearchParams(search));

describe("the filters of an address", () => {
  it("ask for nothing if the address has none", () => {
    expect(processFilterOf(parsed(""))).toEqual({});
  });

  it("become conditions", () => {
    const search = "q=lyon&status=FAILED&status=RUNNING&workflow=w&product=p&team=NOC&by=u1&code=c&from=2026-01-01T00:00Z";
    expect(processFilterOf(parsed(search))).toEqual({
      search: "lyon",
      statuses: ["FAILED", "RUNNING"],
      workflowNames: ["w"],
      products: ["p"],
      assigneeKeys: ["NOC"],
      createdBy: "u1",
      failureCodes: ["c"],
      startedAt: { from: "2026-01-01T00:00Z", to: null },
    });
  });

  it("say what in the address is no filter, and leave it out", () => {
    const filters = parsed("status=NOPE&status=FAILED&from=yesterday");
    expect(filters.problems).toEqual(["There is no status “NOPE”.", "“yesterday” is no time."]);
    expect(processFilterOf(filters)).toEqual({ statuses: ["FAILED"] });
  });

  it("have an order beside them, and an unknown one is named", () => {
    expect(parsed("order=changed").order).toBe("changed");
    expect(processFilterOf(parsed("order=changed"))).toEqual({});
    const { order, problems } = parsed("order=constructor");
    expect([order, problems]).toEqual(["", ["There is no order “constructor”."]]);
  });

  it("are said in words", () => {
    const words = activeFilters(parsed("q=lyon&by=u1"), "u1", "UTC").map((filter) => filter.words);
    expect(words).toEqual(["“lyon”", "Started by me"]);
  });
});

describe("a change of the address", () => {
  it("keeps what it does not name, and removes what is empty", () => {
    const before = new URLSearchParams("a=1&b=2&c=3");
    expect(changed(before, { a: ["4", "5"], b: "" }).toString()).toBe("c=3&a=4&a=5");
  });

  it("toggles a value", () => {
    expect(toggled(["a"], "b")).toEqual(["a", "b"]);
    expect(toggled(["a", "b"], "a")).toEqual(["b"]);
  });

  it.each([true, false])("carries a moment, whatever the clock (UTC: %s)", (isUtc) => {
    expect(localOf(momentOf("2026-03-29T12:30", isUtc), isUtc)).toBe("2026-03-29T12:30");
    expect(momentOf("2026-03-29T12:30", true)).toBe("2026-03-29T12:30Z");
    expect(momentOf("", isUtc)).toBe("");
    expect(localOf("nonsense", isUtc)).toBe("");
  });
});
