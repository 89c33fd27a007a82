/** What a filter of things with an id offers, and which thing a typed text means. */

export interface Thing {
  id: string;
  /** What people call it. */
  words: string;
}

/** The things as a list offers them: those that people call alike are told apart by the end of their ids. */
export function offered(things: readonly Thing[]): readonly Thing[] {
  const alike = (words: string): boolean => things.filter((thing) => thing.words === words).length > 1;
  return things.map(({ id, words }) => ({ id, words: alike(words) ? `${words} · …${id.slice(-6)}` : words }));
}

/** The id of the thing that the text names; the text itself if it may be an id; null if it is the beginning of a search. */
export function meant(text: string, things: readonly Thing[], isId: (text: string) => boolean): string | null {
  const typed = text.trim();
  if (!typed) return "";
  return things.find(({ words }) => words === typed)?.id ?? (isId(typed) ? typed : null);
}
