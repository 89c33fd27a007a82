/** Which lines of a text belong to a diff: only those behind its heads, because `- name` is also a line of YAML. */

export type DiffKind = "" | "added" | "removed" | "head";

export interface DiffState {
  /** Lines of the old and of the new text that the part of the diff still has. */
  readonly old: number;
  readonly new: number;
  readonly isForced?: boolean;
}

export const NO_DIFF: DiffState = { old: 0, new: 0 };

const HUNK = /^@@+ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@/;
const FILE = /^(?:--- |\+\+\+ )\S/;

/** The same where every line may be a removed or added line that begins with two signs. */
const KNOWN_FILE = /^(?:--- |\+\+\+ )(?:before|after|[ab]?\/)/;

interface Found {
  kind: DiffKind;
  state: DiffState;
}

/** What the line is, and the state behind it. */
export function diffKind(line: string, state: DiffState): Found {
  const hunk = HUNK.exec(line);
  if (hunk) return { kind: "head", state: { ...state, old: Number(hunk[1] ?? 1), new: Number(hunk[2] ?? 1) } };
  if (state.isForced) return { kind: KNOWN_FILE.test(line) || line.startsWith("@@") ? "head" : signOf(line), state };
  if (state.old > 0 || state.new > 0) {
    const kind = signOf(line);
    if (kind === "added" && state.new > 0) return { kind, state: { ...state, new: state.new - 1 } };
    if (kind === "removed" && state.old > 0) return { kind, state: { ...state, old: state.old - 1 } };
    if (line.startsWith(" ")) return { kind: "", state: { ...state, old: state.old - 1, new: state.new - 1 } };
    // `\ No newline at end of file` counts for neither side; an empty line may have lost its space.
    if (line.startsWith("\\") || line === "") return { kind: "", state };
  }
  return { kind: FILE.test(line) ? "head" : "", state: NO_DIFF };
}

function signOf(line: string): DiffKind {
  return line.startsWith("+") ? "added" : line.startsWith("-") ? "removed" : "";
}

/** True if the text is nothing but a diff, also without heads. */
export function isDiff(lines: readonly string[]): boolean {
  return lines.some((line) => /^[+-]/.test(line)) && lines.every((line) => /^(?:[+-]|@@| |$)/.test(line));
}
