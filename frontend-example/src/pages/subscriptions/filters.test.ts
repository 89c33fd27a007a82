import { describe, expect, it } from "vitest";
import { activeFilters, comparison, filtersOf, subscriptionFilterOf, type Filters } from "./filters";

const read = (text: string): Filters => filtersOf(new URLSearchParams(text));

describe("the filters of product subscriptions", () => {
  it("are what the server takes", () => {
    const text = "q=core&product=Port&status=ACTIVE&status=MIGRATING&sync=out&customer=uva&path=port.vlan&value=100&uses=a&usedBy=b";
    expect(subscriptionFilterOf(read(text))).toEqual({
      search: "core",
      products: ["Port"],
      statuses: ["ACTIVE", "MIGRATING"],
      inSync: false,
      customerId: "uva",
      fields: [{ path: "port.vlan", value: "100" }],
      dependsOnId: "a",
      inUseById: "b",
    });
  });

  it("say what the address has that is no filter, and leave out what is half typed", () => {
    const filters = read("status=NO_STATUS&sync=maybe&order=constructor&path=port.vlan");
    expect(subscriptionFilterOf(filters)).toEqual({});
    expect(filters.order).toBe("");
    expect(filters.problems).toHaveLength(3);
    expect(read("order=changed").problems).toEqual([]);
  });

  it("are said in words, a path with its value", () => {
    const words = activeFilters(read("product=Port&path=port.vlan&value=100&uses=a"), () => "Node ams-1");
    expect(words.map(({ name, words: text }) => [name, text])).toEqual([
      ["product", "Product: Port"],
      ["path", "port.vlan is 100"],
      ["uses", "Uses Node ams-1"],
    ]);
  });

  it("order rows as the server does", () => {
    const [older, newer] = [
      { id: "a", createdAt: "2026-01-01T00:00:00Z", updatedAt: "2026-03-01T00:00:00Z" },
      { id: "b", createdAt: "2026-02-01T00:00:00Z", updatedAt: "2026-02-01T00:00:00Z" },
    ];
    expect([older, newer].sort(comparison(""))).toEqual([newer, older]);
    expect([newer, older].sort(comparison("oldest"))).toEqual([older, newer]);
    expect([newer, older].sort(comparison("changed"))).toEqual([older, newer]);
    expect([older, newer].sort(comparison("unchanged"))).toEqual([newer, older]);
  });
});
