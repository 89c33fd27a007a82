/** Finds a text in lines; lines that were searched before are not searched again. */

export interface Searchable {
  readonly plain: string;
}

export interface Match {
  /** The row, and the first and the last character in it. */
  readonly row: number;
  readonly from: number;
  readonly to: number;
}

export interface Found {
  readonly query: string;
  readonly rows: readonly Searchable[];
  readonly matches: readonly Match[];
  /** True if there are more matches than are listed. */
  readonly hasMore: boolean;
}

/** More matches than a person steps through. */
export const MOST_MATCHES = 10_000;

export const NOTHING: Found = { query: "", rows: [], matches: [], hasMore: false };

export function pattern(query: string): RegExp {
  return new RegExp(query.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&"), "gi");
}

/** The places of the query in the rows, in upper or lower case. */
export function find(rows: readonly Searchable[], query: string, before: Found = NOTHING): Found {
  if (!query) return NOTHING;
  const known = before.query === query ? sameBeginning(rows, before.rows) : 0;
  const matches = known ? before.matches.filter(({ row }) => row < known) : [];
  const wanted = pattern(query);
  let hasMore = before.hasMore && known > 0;
  for (let row = known; row < rows.length && !hasMore; row++) {
    for (const { 0: text, index } of (rows[row]?.plain ?? "").matchAll(wanted)) {
      matches.push({ row, from: index, to: index + text.length });
      hasMore = matches.length >= MOST_MATCHES;
      if (hasMore) break;
    }
  }
  return { query, rows, matches, hasMore };
}

/** How many rows at the beginning are the same objects. Rows only change at the end, so it is looked for from there. */
function sameBeginning(rows: readonly Searchable[], before: readonly Searchable[]): number {
  if (rows[0] !== before[0]) return 0;
  let count = Math.min(rows.length, before.length);
  while (count > 0 && rows[count - 1] !== before[count - 1]) count--;
  return count;
}
