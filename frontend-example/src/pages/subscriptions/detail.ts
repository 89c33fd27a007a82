import type { StreamEvent } from "../../api/stream";
import type { ProductSubscriptionDetailQuery } from "../../gql/graphql";

/** A product subscription as its page shows it. */
export type Detail = NonNullable<ProductSubscriptionDetailQuery["productSubscription"]>;

/** True if the event is about the product subscription, its lock included. */
export const isAbout = (id: string, event: StreamEvent): boolean =>
  "productSubscriptionId" in event && event.productSubscriptionId === id;

/** True if the event is about any product subscription: another one may begin or end to use this one. */
export const isAboutAny = (event: StreamEvent): boolean => "productSubscriptionId" in event;
