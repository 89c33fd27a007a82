/** What a product subscription is called in the picker. */
import { lookOf } from "../../status";
import { counted } from "../../words";
import type { Found, Subscription } from "./useSubscriptionSearch";

export function factsOf({ product, customerId, customerDescription, status, inSync }: Subscription): string {
  const facts = [customerDescription, product.name, customerId, lookOf(status).word.toLowerCase(), inSync ? null : "out of sync"];
  return facts.filter(Boolean).join(" · ");
}

/** What a screen reader says, and what stands below the list. */
export function countWords({ rows, moreCount, isMore }: Found, isSearch: boolean): string {
  if (!rows.length) return isSearch ? "No product subscription is found." : "There is no product subscription to choose.";
  const count = counted(rows.length, "product subscription");
  const more = `${isMore ? "more than " : ""}${moreCount.toLocaleString("en")} more`;
  return moreCount > 0 ? `${count}, and ${more}: type to narrow.` : `${count}.`;
}
