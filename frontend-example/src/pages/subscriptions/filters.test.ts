import { describe, expect, it } from "vitest";
import { comparison, isFiltered, readFilters, variablesOf, writeFilters } from "./filters";

const read = (text: string) => readFilters(new URLSearchParams(text));

describe("the filters of product subscriptions", () => {
  it("stand in the address and come back from it", () => {
    const text = "q=ams+core&product=L2VPN&status=ACTIVE&sync=out&customer=uva&path=port.vlan&value=100&uses=a&usedBy=b&order=changed";
    expect(writeFilters(read(text)).toString()).toBe(text);
  });

  it("are what the server takes", () => {
    expect(variablesOf(read("q=core&product=Port&status=ACTIVE&status=MIGRATING&sync=out&path=port.vlan&value=100"))).toEqual({
      filter: {
        search: "core",
        products: ["Port"],
        statuses: ["ACTIVE", "MIGRATING"],
        inSync: false,
        fields: [{ path: "port.vlan", value: "100" }],
      },
      orderBy: { field: "CREATED_AT", direction: "DESC" },
    });
  });

  it("leave out what is unknown or half typed", () => {
    const filters = read("status=NO_STATUS&sync=maybe&order=constructor&path=port.vlan");
    expect(variablesOf(filters)).toEqual({ filter: {}, orderBy: { field: "CREATED_AT", direction: "DESC" } });
    expect(filters.path).toBe("port.vlan");
  });

  it("are none if only the order is chosen", () => {
    expect(isFiltered(read("order=oldest"))).toBe(false);
    expect(isFiltered(read("q=a"))).toBe(true);
  });

  it("order rows as the server does", () => {
    const [older, newer] = [
      { id: "a", createdAt: "2026-01-01T00:00:00Z", updatedAt: "2026-03-01T00:00:00Z" },
      { id: "b", createdAt: "2026-02-01T00:00:00Z", updatedAt: "2026-02-01T00:00:00Z" },
    ];
    expect([older, newer].sort(comparison("newest"))).toEqual([newer, older]);
    expect([newer, older].sort(comparison("oldest"))).toEqual([older, newer]);
    expect([newer, older].sort(comparison("changed"))).toEqual([older, newer]);
    expect([older, newer].sort(comparison("unchanged"))).toEqual([newer, older]);
  });
});
