import { describe, expect, it } from "vitest";
import { wordsOf } from "./entry";
import { activeFilters, auditFilterOf, filtersOf } from "./filters";
import { anchorOf, verify, type ReadPart } from "./verify";

const DIGEST = "9f".repeat(32);

describe("the check of the log", () => {
  const going = (): AbortSignal => new AbortController().signal;
  const part = { valid: true, entries: 2, fault: null, firstBroken: null, cursor: "c1", hasMore: true, seal: null };

  it("goes on from part to part, and looks for the anchor once", async () => {
    const asked: unknown[] = [];
    const read: ReadPart = async ({ after, anchor }) => {
      asked.push([after, anchor?.seq ?? null]);
      return after === null ? part : { ...part, entries: 1, hasMore: false, cursor: "c2", seal: { seq: 3, digest: DIGEST } };
    };
    const progress: number[] = [];
    const verdict = await verify(read, { seq: 1, digest: DIGEST }, (entries) => progress.push(entries), going());
    expect(asked).toEqual([[null, 1], ["c1", null]]);
    expect(progress).toEqual([2, 3]);
    expect(verdict).toEqual({ kind: "whole", entries: 3, seal: { seq: 3, digest: DIGEST } });
  });

  it("ends at the first fault", async () => {
    const read: ReadPart = async () => ({ ...part, valid: false, fault: "It does not fit." });
    expect(await verify(read, null, () => undefined, going())).toMatchObject({ kind: "fault", fault: "It does not fit." });
  });

  it("stops when somebody wants it", async () => {
    const control = new AbortController();
    const verdict = await verify(async () => part, null, () => control.abort(), control.signal);
    expect(verdict).toEqual({ kind: "stopped", entries: 2 });
  });

  it("takes an anchor as the command line prints it", () => {
    expect(anchorOf(` Anchor: 12:${DIGEST.toUpperCase()}\n`)).toEqual({ seq: 12, digest: DIGEST });
    expect(anchorOf(`12:${DIGEST}0`)).toBeNull();
  });
});

describe("an entry", () => {
  it("shows the reason first, and not what is for programs", () => {
    const details = { receipt: "e2e993db-4718-4b62-b387-a6097878d50d", digest: DIGEST, n: 2, reason: "seen", peer: "::1", gone: null };
    expect(wordsOf(details)).toEqual([
      ["reason", "seen"],
      ["n", "2"],
    ]);
  });
});

describe("the filters of the log", () => {
  it("are what the server takes, and are said in words", () => {
    const filters = filtersOf(new URLSearchParams("action=setInSync&actor=ada&process=p1&from=2026-03-05T12:00:00Z&to=soon"));
    expect(auditFilterOf(filters)).toEqual({
      actions: ["setInSync"],
      actorId: "ada",
      processId: "p1",
      at: { from: "2026-03-05T12:00:00Z", to: null },
    });
    expect(filters.problems).toEqual(["“soon” is no time."]);
    expect(activeFilters(filters, "UTC").map(({ name }) => name)).toEqual(["action", "actor", "process", "from"]);
  });
});
