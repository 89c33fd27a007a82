import { expect, test } from "vitest";
import { proofWords, refusalWords, reportsOf, resultsOf, sumWords } from "./figures";

const deliveries = (...rows: [string, boolean, number, boolean?][]) =>
  rows.map(([outcome, isFailureReport, count, isExact = true]) => ({ outcome, isFailureReport, count, isExact, lastAt: "" })) as Parameters<typeof resultsOf>[0];

const MANY = deliveries(["ACCEPTED", false, 1000, false], ["ACCEPTED", true, 2], ["DUPLICATE", false, 7], ["LATE", false, 1], ["INVALID", false, 2], ["INVALID", true, 1], ["CONFLICT", false, 0]);

test("results and failure reports are told apart, and a bound is shown", () => {
  expect(sumWords(resultsOf(MANY))).toBe("1,000+");
  expect(sumWords(reportsOf(MANY))).toBe("2");
});

test("refusals are named, the most frequent first; what is not refused or was before the window is not", () => {
  expect(refusalWords(MANY)).toBe("3 invalid, 1 late");
  expect(refusalWords([])).toBe("");
});

test.each([
  [{ isConfigured: false, signatureKeys: 0, hasCredential: false, hasAllowedNetworks: false }, "not configured: its deliveries are refused"],
  [{ isConfigured: true, signatureKeys: 0, hasCredential: false, hasAllowedNetworks: false }, "only the URL is its proof"],
  [{ isConfigured: true, signatureKeys: 2, hasCredential: false, hasAllowedNetworks: true }, "signs with one of 2 keys, calls from its networks"],
  [{ isConfigured: true, signatureKeys: 1, hasCredential: true, hasAllowedNetworks: false }, "signs with a key, has a credential"],
])("the proof of a service in words", (configured, words) => {
  expect(proofWords(configured)).toBe(words);
});
