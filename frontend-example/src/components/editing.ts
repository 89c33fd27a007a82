/** A text that several people may edit: what a person typed, and the text that the person had before the eyes. */

export interface Draft {
  typed: string;
  /** The stored text when the editing began, or when the person saw the text of another person. */
  base: string;
}

/** The server stores a blank text as none. */
export const stored = (typed: string): string | null => (typed.trim() === "" ? null : typed);

/** `conflict`: another person changed the text meanwhile, and not to what is typed. */
export function situation(draft: Draft, current: string): "unchanged" | "changed" | "conflict" {
  if (draft.typed === current) return "unchanged";
  return draft.base === current ? "changed" : "conflict";
}
