// @vitest-environment jsdom
import { describe, expect, it } from "vitest";
import { bytesInWords, cutWords } from "./cuts";
import { approvalsWords, askedBefore, firstWords, openWords, sentBack, verdictWords, whoWords, type Decision, type Request } from "./facts";
import { outlived, placeOf } from "./kept";

const decision = (name: string, at: string, verdict: Decision["verdict"] = "APPROVED"): Decision => ({
  ...{ at, verdict, policy: null, comment: null, pages: null },
  by: { id: name, name },
});

const request = (more: Partial<Request>): Request =>
  ({ id: "r", status: "OPEN", approvalsNeeded: 1, sendBackTo: null, createdAt: "05", decisions: [], step: { inputRequests: [] }, ...more }) as Request;

describe("what is said of a request", () => {
  it("names the verdict and the person", () => {
    expect(verdictWords(decision("ada", "1"), request({}))).toBe("Confirmed");
    expect(verdictWords(decision("ada", "1"), request({ approvalsNeeded: 2 }))).toBe("Approved");
    expect(verdictWords(decision("ada", "1", "SENT_BACK"), request({ sendBackTo: "Draft" }))).toBe("Sent back to Draft");
    expect(whoWords({ ...decision("ada", "1"), by: null, policy: "p" })).toBe(" by the policy p, without a person");
    expect(approvalsWords(request({ approvalsNeeded: 2, decisions: [decision("ada", "1")] }))).toBe("1 of 2 approvals");
  });

  it("warns of a team without members, unless it is that of everybody", () => {
    const asked = (key: string, isOpenToAll: boolean) => openWords({ assignee: { key, name: key }, isOpenToAll });
    expect(asked("NOC", true)).toBe("everybody may answer: the team has no members");
    expect([asked("NOC", false), asked("SYSTEM", true)]).toEqual([null, null]);
  });

  it("names the person whose decision the typed text gave way to, also after later decisions", () => {
    const both = request({ approvalsNeeded: 2, decisions: [decision("cay", "1"), decision("bob", "2")] });
    expect(firstWords(both, "1")?.words).toBe("cay approved this first");
    expect(firstWords(both)?.words).toBe("bob approved this first");
    expect(firstWords(request({}))).toBeNull();
  });

  it("finds the comment with which the step was sent back since it asked before", () => {
    const earlier = { id: "q", createdAt: "02" };
    const asked = request({ createdAt: "05", step: { inputRequests: [{ id: "r", createdAt: "05" }, earlier, { id: "o", createdAt: "01" }] } });
    expect(askedBefore(asked)).toBe("02");
    expect(askedBefore(request({}))).toBeNull();
    const old = { id: "o", createdAt: "01", sendBackTo: "D", approvalsNeeded: 1, decisions: [decision("old", "01", "SENT_BACK")] };
    const last = { ...earlier, sendBackTo: "D", approvalsNeeded: 1, decisions: [decision("ada", "04", "SENT_BACK")] };
    expect(sentBack([{ inputRequests: [old, last] }], "02", "05")?.decision.by?.name).toBe("ada");
    expect(sentBack([{ inputRequests: [old] }], "02", "05")).toBeNull();
  });
});

describe("a draft", () => {
  it("belongs to the form before the first approval, or to the one after it", () => {
    const [none, one] = [request({}), request({ decisions: [decision("ada", "1")] })];
    expect(placeOf(none)).not.toBe(placeOf(one));
    expect(outlived(none)).toEqual([]);
    expect(outlived(one)).toEqual([[placeOf(none), "1"]]);
    expect(outlived({ ...one, status: "SUBMITTED" }).map(([place]) => place)).toEqual([placeOf(none), placeOf(one)]);
    expect(outlived({ ...none, status: "EXPIRED" })).toEqual([[placeOf(none), null]]);
  });
});

describe("a cut text", () => {
  it.each([
    [999, "999 bytes"],
    [99_999, "99.9 kB"],
    [1_000_000, "1 MB"],
    [5_240_000, "5.2 MB"],
    [2.99e9, "2.9 GB"],
  ])("has %d bytes: %s", (bytes, words) => {
    expect(bytesInWords(bytes)).toBe(words);
  });

  it("says how much of it is shown", () => {
    expect(cutWords("Output", { shownLength: 20_000, totalLength: 5_000_000, totalBytes: 5_000_001 })).toBe(
      "Output: the first 20,000 of 5,000,000 characters are shown (5 MB).",
    );
  });
});
