/** Results and progress logs: a large one is read in parts, and only what is new is read again. */
import { numberOf, plainText } from "../api/json";
import { run } from "../api/client";
import { graphql } from "../gql";
import type { LogReportFragment, TextSliceFragment } from "../gql/graphql";

graphql(`
  fragment LogReport on CallbackProgress {
    percent
    message
    data
    reportedAt
  }
`);

graphql(`
  fragment TextSlice on ResultSlice {
    text
    nextOffset
    totalLength
  }
`);

/** The last reports, or those before or after one. */
const PROGRESS_LOG = graphql(`
  query ProgressLogPage($id: ID!, $first: Int, $last: Int, $before: String, $after: String) {
    node(id: $id) {
      ... on Callback {
        progressLog(first: $first, last: $last, before: $before, after: $after) {
          totalCount
          pageInfo {
            hasNextPage
            hasPreviousPage
          }
          edges {
            cursor
            node {
              ...LogReport
            }
          }
        }
      }
    }
  }
`);

const RESULT_SLICES = graphql(`
  query ResultSlices($id: ID!, $offset: Int!, $length: Int!) {
    node(id: $id) {
      ... on Callback {
        resultText(offset: $offset, length: $length) {
          ...TextSlice
        }
      }
    }
  }
`);

/** The server answers at most so many characters at once. */
const SLICE = 1_000_000;

type Slice = TextSliceFragment;
export type ReadSlice = (offset: number, length: number) => Promise<Slice | null>;

/** Called with the part of a text that is read: 0 to 1. */
export type OnShare = (share: number) => void;

/** The whole text, in as many parts as it takes. */
export async function wholeText(read: ReadSlice, onShare?: OnShare): Promise<string> {
  const parts: string[] = [];
  for (let offset: number | null = 0; offset !== null; ) {
    const slice: Slice | null = await read(offset, SLICE);
    if (!slice) throw new Error("The server does not have this text any more.");
    parts.push(slice.text);
    offset = slice.nextOffset ?? null;
    if (offset !== null) onShare?.(offset / slice.totalLength);
  }
  return parts.join("");
}

/** A slice may begin with the mark of `api/json.ts`, which is doubled on its way. */
const exact = (slice: Slice | null | undefined): Slice | null => (slice ? { ...slice, text: plainText(slice.text) } : null);

/** The JSON text of the result of a callback. */
export const resultSlices =
  (id: string): ReadSlice =>
  async (offset, length) => {
    const { node } = await run(RESULT_SLICES, { id, offset, length });
    return exact(node && "resultText" in node ? node.resultText : null);
  };

export interface LoggedReport extends LogReportFragment {
  /** The position in the log. */
  readonly cursor: string;
}

export interface LogPage {
  readonly reports: readonly LoggedReport[];
  /** The number of all reports that ever came; the server stores the newest thousand. */
  readonly totalCount: number;
  readonly hasOlder: boolean;
  readonly hasNewer: boolean;
}

/** Reports that are read together; the server answers at most 200. */
export const LOG_PAGE = 100;

export type Where = { last: number } | { last: number; before: string } | { after: string };

export async function progressPage(id: string, where: Where): Promise<LogPage> {
  const { last = null, before = null, after = null } = where as { last?: number; before?: string; after?: string };
  const { node } = await run(PROGRESS_LOG, { id, first: LOG_PAGE, last, before, after });
  if (!node || !("progressLog" in node)) throw new Error("The server does not have this callback any more.");
  const { edges, pageInfo, totalCount } = node.progressLog;
  return {
    reports: edges.map(({ cursor, node: report }) => ({ ...report, percent: numberOf(report.percent), cursor })),
    totalCount,
    hasOlder: pageInfo.hasPreviousPage,
    hasNewer: pageInfo.hasNextPage,
  };
}
