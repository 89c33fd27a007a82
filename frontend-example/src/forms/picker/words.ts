/** What a product subscription is called in the picker. */
import { lookOf } from "../../status";
import type { Found, Subscription } from "./useSubscriptionSearch";

const ID = /^[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}$/i;

/** A whole id, as somebody copies it from another page. */
export const isId = (text: string): boolean => ID.test(text.trim());

export function factsOf({ product, customerId, customerDescription, status, inSync }: Subscription): string {
  const facts = [customerDescription, product.name, customerId, lookOf(status).word.toLowerCase(), inSync ? null : "out of sync"];
  return facts.filter(Boolean).join(" · ");
}

/** What a screen reader says, and what stands below the list. */
export function countWords({ rows, moreCount }: Found, isSearch: boolean): string {
  if (!rows.length) return isSearch ? "No product subscription is found." : "There is no product subscription to choose.";
  const count = rows.length === 1 ? "1 product subscription" : `${rows.length} product subscriptions`;
  return moreCount > 0 ? `${count}, and ${moreCount.toLocaleString("en")} more: type to narrow.` : `${count}.`;
}
