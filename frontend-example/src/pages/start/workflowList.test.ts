import { describe, expect, it } from "vitest";
import { chosenIn } from "./preset";
import { commonReason, grouped, type WorkflowRow } from "./workflowList";

const row = (name: string, target: WorkflowRow["target"], blockedReason: string | null = null): WorkflowRow => ({
  ...{ name, target, blockedReason },
  ...{ description: `What ${name} does`, hasStartForm: true },
});

const ROWS = [row("l2vpn_modify", "MODIFY"), row("b_create", "CREATE"), row("a_create", "CREATE", "paused"), row("z_task", "SYSTEM")];
const names = (search: string) => grouped(ROWS, search).map(({ title, rows }) => [title, ...rows.map(({ name }) => name)]);

describe("the workflows to start", () => {
  it("stand in groups by what they do, blocked ones last", () => {
    expect(names("")).toEqual([["Create", "b_create", "a_create"], ["Change", "l2vpn_modify"], ["System and tasks", "z_task"]]);
  });

  it("stand in the order of their titles, which people read", () => {
    const titled = [["abort_all", "Withdraw all"], ["zap", "Check a node"], ["b", "check a node"]].map(([name = "", description = ""]) => ({ ...row(name, "SYSTEM"), description }));
    expect(grouped(titled, "").flatMap(({ rows }) => rows.map(({ name }) => name))).toEqual(["b", "zap", "abort_all"]);
  });

  it("have one reason if nothing can be started", () => {
    expect(commonReason([row("a", "CREATE", "paused"), row("b", "SYSTEM", "paused")])).toBe("paused");
    expect(commonReason(ROWS)).toBeNull();
    expect(commonReason([row("a", "CREATE", "paused"), row("b", "CREATE", "in use")])).toBeNull();
    expect(commonReason([])).toBeNull();
  });

  it.each([
    ["create B", ["b_create"]],
    ["L2VPN mod", ["l2vpn_modify"]],
    ["what z", ["z_task"]],
    ["modify", ["l2vpn_modify"]],
    ["nothing", []],
  ])("are found by every word: %s", (search, found) => {
    expect(names(search).flatMap(([, ...rest]) => rest)).toEqual(found);
  });
});

describe("the product subscription of the address", () => {
  const page = (properties: object) => ({ schema: { properties } });

  it("goes into the only field of a page that asks for one", () => {
    expect(chosenIn(page({ subscription_id: { format: "subscriptionId" } }), "x")).toEqual({ subscription_id: "x" });
    expect(chosenIn(page({ subscription_id: { format: "uuid" } }), "x")).toBeNull();
    expect(chosenIn(page({ a: { format: "subscriptionId" }, b: {} }), "x")).toBeNull();
  });
});
