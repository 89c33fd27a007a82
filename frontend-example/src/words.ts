/** Numbers with their noun, and names of code as people read them. */

/** The most characters of a note, a comment or a reason. */
export const LONGEST_TEXT = 10_000;

/** `1 task`, `2 tasks`, `1,200 entries`. */
export const counted = (count: number, noun: string, nouns = `${noun}s`): string =>
  `${count.toLocaleString()} ${count === 1 ? noun : nouns}`;

interface Total {
  totalCount: number;
  totalCountIsExact: boolean;
}

/** The length of a list: `12`, or `1,000+` if there are more, because the server stops to count there. */
export const totalWords = (list: Total | null | undefined): string =>
  `${(list?.totalCount ?? 0).toLocaleString()}${list?.totalCountIsExact === false ? "+" : ""}`;

const LONGEST_TITLE = 60;

/** What people call a workflow: what its author says that it does, if that is short; else its name without underscores. */
export function workflowTitle({ name, description }: { name: string; description?: string | null | undefined }): string {
  const words = description?.trim() ?? "";
  if (words && words.length <= LONGEST_TITLE && !words.includes("\n")) return words;
  const plain = name.replaceAll(/[_-]+/g, " ").trim();
  return plain ? plain[0]?.toUpperCase() + plain.slice(1) : name;
}

/** What people call the workflow of a process. A workflow that is not deployed any more has only its name. */
export const workflowOf = ({ workflowName: name, workflow }: Run): string => (workflow ? workflowTitle({ ...workflow, name }) : name);

interface Run {
  workflowName: string;
  workflow: { description?: string | null | undefined } | null | undefined;
}

/** A page of a form is often called as what it belongs to. */
export const isSameTitle = (one: string, other: string): boolean => one.trim().toLowerCase() === other.trim().toLowerCase();

const ID = /^[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}$/i;

/** A whole id, as somebody copies it from another page. */
export const isId = (text: string): boolean => ID.test(text.trim());
