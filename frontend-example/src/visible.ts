/** Characters that hide or reorder others are spelled out: a text of a remote service must not read as another text. */

/** Controls, zero-width marks, and the marks of writing direction. */
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]|\udb40[\udc00-\udc7f]/g;

/** `⟨U+202E⟩` for the mark that reverses the reading direction. */
export function visible(text: string): string {
  return text.replace(UNSEEN, (mark) => `⟨U+${(mark.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}⟩`);
}

/** The same for a text of lines, however its lines end. */
export const readable = (text: string): string => visible(text.replace(/\r\n?/g, "\n"));
