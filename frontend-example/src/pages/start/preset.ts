/** The product subscription of the address, in the field that asks for it. */
import { asSchema } from "../../forms/schema";
import type { Fields } from "../../forms/wizard/types";

/** The format of a field with the id of a product subscription. */
const SUBSCRIPTION_FORMAT = "subscriptionId";

/** Null if the page asks for no product subscription, or for anything else too. */
export function chosenIn({ schema }: { schema: unknown }, subscriptionId: string): Fields | null {
  const fields = Object.entries(asSchema(asSchema(schema).properties));
  const [only] = fields;
  if (fields.length !== 1 || !only || asSchema(only[1]).format !== SUBSCRIPTION_FORMAT) return null;
  return { [only[0]]: subscriptionId };
}
