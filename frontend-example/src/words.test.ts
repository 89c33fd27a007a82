import { describe, expect, it } from "vitest";
import { counted, isSameTitle, totalWords, workflowOf, workflowTitle } from "./words";

describe("words", () => {
  it.each([
    [0, "0 tasks"],
    [1, "1 task"],
    [2, "2 tasks"],
    [1200, "1,200 tasks"],
  ])("count %i as %s", (count, words) => {
    expect(counted(count, "task")).toBe(words);
  });

  it.each([
    [undefined, "0"],
    [{ totalCount: 12, totalCountIsExact: true }, "12"],
    [{ totalCount: 1000, totalCountIsExact: true }, "1,000"],
    [{ totalCount: 1000, totalCountIsExact: false }, "1,000+"],
  ])("show the length of the list %j", (list, words) => {
    expect(totalWords(list)).toBe(words);
  });

  it("take another plural", () => {
    expect([counted(1, "entry", "entries"), counted(3, "entry", "entries")]).toEqual(["1 entry", "3 entries"]);
  });

  it.each([
    [{ name: "create_l2vpn", description: "Create an L2VPN" }, "Create an L2VPN"],
    [{ name: "create_l2vpn", description: null }, "Create l2vpn"],
    [{ name: "move-node", description: " " }, "Move node"],
    [{ name: "a_b", description: "x".repeat(61) }, "A b"],
    [{ name: "a_b", description: "First line\nSecond line" }, "A b"],
    [{ name: "_", description: null }, "_"],
  ])("name the workflow %j", (workflow, title) => {
    expect(workflowTitle(workflow)).toBe(title);
  });

  it.each([
    [{ description: "Create an L2VPN" }, "Create an L2VPN"],
    [{ description: null }, "Create l2vpn"],
    [null, "create_l2vpn"],
  ])("name the workflow of a process, %j", (workflow, title) => {
    expect(workflowOf({ workflowName: "create_l2vpn", workflow })).toBe(title);
  });

  it.each([
    ["Create an L2VPN", " create an l2vpn ", true],
    ["Create an L2VPN", "Create an L2VPN service", false],
    ["", "Confirm", false],
  ])("say whether %j and %j are the same title", (one, other, isSame) => {
    expect(isSameTitle(one, other)).toBe(isSame);
  });
});
