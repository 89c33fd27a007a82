/** Has the server check the whole log, part by part, so that the progress shows and the check can be stopped. */
import type { VerifyAuditQuery } from "../../gql/graphql";

/** Entries that are checked in one request. */
const PART = 2_000;

export interface Anchor {
  seq: number;
  digest: string;
}

type Part = NonNullable<VerifyAuditQuery["verifyAudit"]>;

export type Verdict =
  | { kind: "whole"; entries: number; seal: Anchor | null }
  | { kind: "fault"; entries: number; fault: string; broken: Part["firstBroken"] }
  | { kind: "stopped"; entries: number };

export type ReadPart = (variables: { first: number; after: string | null; anchor: Anchor | null }) => Promise<Part>;

export async function verify(
  read: ReadPart,
  anchor: Anchor | null,
  onProgress: (entries: number) => void,
  signal: AbortSignal,
): Promise<Verdict> {
  let after: string | null = null;
  let entries = 0;
  let seal: Anchor | null = null;
  while (!signal.aborted) {
    // The anchor is looked for once: it need not be in each part.
    const part = await read({ first: PART, after, anchor: after === null ? anchor : null });
    entries += part.entries;
    onProgress(entries);
    if (!part.valid) {
      return { kind: "fault", entries, fault: part.fault ?? "The log does not fit.", broken: part.firstBroken };
    }
    seal = part.seal ?? seal;
    if (!part.hasMore) return { kind: "whole", entries, seal };
    after = part.cursor ?? null;
  }
  return { kind: "stopped", entries };
}

/** `12:9f86d081…` as `audit verify` prints it; null if the text has another form. */
export function anchorOf(text: string): Anchor | null {
  const match = /^\s*(?:Anchor:\s*)?(\d{1,9}):([0-9a-f]{64})\s*$/i.exec(text);
  return match ? { seq: Number(match[1]), digest: (match[2] ?? "").toLowerCase() } : null;
}

export const anchorText = ({ seq, digest }: Anchor): string => `${seq}:${digest}`;
