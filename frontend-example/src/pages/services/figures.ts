/** The figures of a remote service in words. */
import type { RemoteServiceRowFragment } from "../../gql/graphql";
import { counted } from "../../words";

type Deliveries = RemoteServiceRowFragment["deliveries"];

const TAKEN = new Set(["ACCEPTED", "DUPLICATE"]);

interface Sum {
  count: number;
  isExact: boolean;
}

function sumOf(deliveries: Deliveries): Sum {
  return {
    count: deliveries.reduce((sum, { count }) => sum + count, 0),
    isExact: deliveries.every(({ isExact }) => isExact),
  };
}

export const resultsOf = (deliveries: Deliveries): Sum =>
  sumOf(deliveries.filter(({ outcome, isFailureReport }) => outcome === "ACCEPTED" && !isFailureReport));

export const reportsOf = (deliveries: Deliveries): Sum =>
  sumOf(deliveries.filter(({ outcome, isFailureReport }) => outcome === "ACCEPTED" && isFailureReport));

export const refusedOf = (deliveries: Deliveries): Deliveries =>
  deliveries.filter(({ outcome, count }) => !TAKEN.has(outcome) && count > 0);

/** `12`, or `1,000+` if the server stopped to count there. */
export const sumWords = ({ count, isExact }: Sum): string => `${count.toLocaleString()}${isExact ? "" : "+"}`;

/** `3 late, 1 invalid`: the most frequent first. */
export function refusalWords(deliveries: Deliveries): string {
  const numbers = new Map<string, Sum>();
  for (const { outcome, count, isExact } of refusedOf(deliveries)) {
    const before = numbers.get(outcome) ?? { count: 0, isExact: true };
    numbers.set(outcome, { count: before.count + count, isExact: before.isExact && isExact });
  }
  return [...numbers]
    .sort(([, one], [, other]) => other.count - one.count)
    .map(([outcome, sum]) => `${sumWords(sum)} ${outcome.toLowerCase().replaceAll("_", " ")}`)
    .join(", ");
}

type Configured = Pick<RemoteServiceRowFragment, "isConfigured" | "signatureKeys" | "hasCredential" | "hasAllowedNetworks">;

/** How the service must prove who it is. */
export function proofWords({ isConfigured, signatureKeys, hasCredential, hasAllowedNetworks }: Configured): string {
  if (!isConfigured) return "not configured: its deliveries are refused";
  const parts = [
    signatureKeys > 0 && `signs with ${signatureKeys === 1 ? "a key" : `one of ${counted(signatureKeys, "key")}`}`,
    hasCredential && "has a credential",
    hasAllowedNetworks && "calls from its networks",
  ].filter(Boolean);
  return parts.join(", ") || "only the URL is its proof";
}
