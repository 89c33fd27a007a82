import { describe, expect, it } from "vitest";
import { countWords } from "./words";
import type { Subscription } from "./useSubscriptionSearch";

const rows = (count: number): Subscription[] => Array.from({ length: count }, () => ({}) as Subscription);

describe("the words below the list of the picker", () => {
  it.each([
    [0, 0, false, "No product subscription is found."],
    [1, 0, false, "1 product subscription."],
    [10, 2, false, "10 product subscriptions, and 2 more: type to narrow."],
    [10, 990, true, "10 product subscriptions, and more than 990 more: type to narrow."],
  ])("say that %i are shown and %i more exist", (count, moreCount, isMore, words) => {
    expect(countWords({ rows: rows(count), moreCount, isMore }, true)).toBe(words);
  });
});
