// @vitest-environment jsdom
import { describe, expect, it } from "vitest";
import { addressOfHash, suggestions } from "./addresses";

describe("a link of an earlier version", () => {
  it.each([
    ["#/processes/0190", "/processes/0190"],
    ["#/start/rename_node", "/start/rename_node"],
    ["#/tasks", "/inbox"],
    ["#/", "/"],
  ])("%s is %s", (hash, address) => expect(addressOfHash(hash)).toBe(address));

  it.each(["", "#main", "#"])("is not %j", (hash) => expect(addressOfHash(hash)).toBeNull());
});

describe("what an unknown address may mean", () => {
  it.each([
    ["/process/0190", ["/processes/0190", "/processes"]],
    ["/tasks", ["/inbox"]],
    ["/Subscription/a/b", ["/subscriptions/a", "/subscriptions"]],
    ["/products/a", ["/subscriptions/a", "/subscriptions"]],
    ["/workflows", ["/start"]],
    ["/x", []],
    ["/", []],
    ["", []],
  ])("%s: %j", (address, pages) => expect(suggestions(address)).toEqual(pages));
});
