/**
 * Markdown as a tree of blocks, to be drawn with React elements: headings, paragraphs, lists, code, emphasis and links.
 * There is no HTML in it and no image; what is not understood stays text.
 */

export type Span = { type: "text" | "code" | "strong" | "em"; text: string } | { type: "link"; text: string; address: string };

export type Block =
  | { type: "heading"; level: number; spans: Span[] }
  | { type: "paragraph" | "quote"; spans: Span[] }
  | { type: "list"; isOrdered: boolean; items: Span[][] }
  | { type: "code"; text: string }
  | { type: "rule" };

/** An address that may be followed; anything else than a web page or mail has none. */
export function safeAddress(address: string): string | undefined {
  return /^(https?:\/\/|mailto:)/i.test(address.trim()) ? address.trim() : undefined;
}

const INLINE = /`([^`]+)`|\*\*([^*]+)\*\*|__([^_]+)__|\*([^*\s][^*]*)\*|(?<!\w)_([^_\s][^_]*)_(?!\w)|\[([^\]]+)\]\(([^)\s]+)\)/g;

export function spansOf(text: string): Span[] {
  const spans: Span[] = [];
  let end = 0;
  for (const match of text.matchAll(INLINE)) {
    if (match.index > end) spans.push({ type: "text", text: text.slice(end, match.index) });
    spans.push(spanOf(match));
    end = match.index + match[0].length;
  }
  if (end < text.length) spans.push({ type: "text", text: text.slice(end) });
  return spans;
}

function spanOf([whole, code, strong, strong2, em, em2, text, address]: RegExpMatchArray): Span {
  if (code !== undefined) return { type: "code", text: code };
  if (strong ?? strong2) return { type: "strong", text: strong ?? strong2 ?? "" };
  if (em ?? em2) return { type: "em", text: em ?? em2 ?? "" };
  const safe = safeAddress(address ?? "");
  return safe ? { type: "link", text: text ?? "", address: safe } : { type: "text", text: whole };
}

const HEADING = /^(#{1,6})\s+(.*?)\s*#*$/;
const BULLET = /^\s*[-*+]\s+(.*)$/;
const NUMBER = /^\s*\d+[.)]\s+(.*)$/;
const RULE = /^\s*([-*_])(\s*\1){2,}\s*$/;
const FENCE = /^\s*(```|~~~)/;
const QUOTE = /^\s*>\s?(.*)$/;

export function blocksOf(text: string): Block[] {
  const lines = text.split(/\r\n|\r|\n/);
  const blocks: Block[] = [];
  let at = 0;
  while (at < lines.length) {
    const [block, length] = blockAt(lines, at);
    if (block) blocks.push(block);
    at += length;
  }
  return blocks;
}

/** The block that begins at a line, and how many lines it has. */
function blockAt(lines: readonly string[], at: number): [Block | null, number] {
  const line = lines[at] ?? "";
  if (!line.trim()) return [null, 1];
  if (FENCE.test(line)) return codeAt(lines, at);
  if (RULE.test(line)) return [{ type: "rule" }, 1];
  const heading = HEADING.exec(line);
  if (heading) return [{ type: "heading", level: heading[1]?.length ?? 1, spans: spansOf(heading[2] ?? "") }, 1];
  for (const [pattern, isOrdered] of [[BULLET, false], [NUMBER, true]] as const) {
    if (!pattern.test(line)) continue;
    const items = run(lines, at, pattern);
    return [{ type: "list", isOrdered, items: items.map(spansOf) }, items.length];
  }
  if (QUOTE.test(line)) {
    const quoted = run(lines, at, QUOTE);
    return [{ type: "quote", spans: spansOf(quoted.join("\n")) }, quoted.length];
  }
  return paragraphAt(lines, at);
}

/** The lines from a place on that match, without their marks. */
function run(lines: readonly string[], at: number, pattern: RegExp): string[] {
  const found: string[] = [];
  for (let match = pattern.exec(lines[at] ?? ""); match && !RULE.test(lines[at + found.length] ?? ""); match = pattern.exec(lines[at + found.length] ?? ""))
    found.push(match[1] ?? "");
  return found;
}

function codeAt(lines: readonly string[], at: number): [Block, number] {
  const end = lines.findIndex((line, other) => other > at && FENCE.test(line));
  const last = end < 0 ? lines.length : end;
  return [{ type: "code", text: lines.slice(at + 1, last).join("\n") }, last - at + 1];
}

const BEGINS = [FENCE, RULE, HEADING, BULLET, NUMBER, QUOTE];

function paragraphAt(lines: readonly string[], at: number): [Block, number] {
  let end = at + 1;
  while (end < lines.length && lines[end]?.trim() && !BEGINS.some((pattern) => pattern.test(lines[end] ?? ""))) end++;
  return [{ type: "paragraph", spans: spansOf(lines.slice(at, end).join("\n")) }, end - at];
}
