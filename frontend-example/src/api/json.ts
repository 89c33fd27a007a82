/**
 * JSON without loss. JavaScript reads 9007199254740993 as 9007199254740992, so a number that it cannot hold travels as text
 * with a mark in front, and becomes a bare number again when it is sent.
 */

/** A private-use character: a text of a server that begins with it gets a second one. */
const MARK = "\uE000";

const NUMBER_OR_QUOTE = /"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** Most answers hold neither a long number nor the mark: then nothing is searched piece by piece. */
const MAY_LOSE = /\d{16}|\d\.\d{15}|[\d.]{17}|\d[eE]|\uE000|\\u[eE]000/;

/** The JSON text with other numbers and texts. A pattern for a whole text would run out of stack on a text of megabytes. */
function replaceTokens(json: string, replaced: (token: string) => string): string {
  const parts: string[] = [];
  let done = 0;
  NUMBER_OR_QUOTE.lastIndex = 0;
  for (let found = NUMBER_OR_QUOTE.exec(json); found; found = NUMBER_OR_QUOTE.exec(json)) {
    const end = found[0] === '"' ? endOfText(json, found.index) : NUMBER_OR_QUOTE.lastIndex;
    NUMBER_OR_QUOTE.lastIndex = end;
    const token = json.slice(found.index, end);
    const other = replaced(token);
    if (other === token) continue;
    parts.push(json.slice(done, found.index), other);
    done = end;
  }
  return parts.length ? parts.join("") + json.slice(done) : json;
}

/** The place behind the quote that ends the text which begins at `start`. */
function endOfText(json: string, start: number): number {
  for (let end = json.indexOf('"', start + 1); end >= 0; end = json.indexOf('"', end + 1)) {
    let slashes = 0;
    while (json[end - 1 - slashes] === "\\") slashes++;
    if (slashes % 2 === 0) return end + 1;
  }
  return json.length;
}

/** The digits that a number holds, and the power of ten of the last of them. */
function digitsOf(token: string): string {
  const [mantissa = "", exponent = "0"] = token.toLowerCase().split("e");
  const [whole = "", fraction = ""] = mantissa.replace(/^[+-]/, "").split(".");
  const digits = (whole + fraction).replace(/^0+/, "");
  const significant = digits.replace(/0+$/, "");
  return `${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`;
}

/** True if JavaScript reads the number without loss. */
export function isExact(token: string): boolean {
  const value = Number(token);
  if (/^-?\d+$/.test(token)) return Number.isSafeInteger(value);
  return Number.isFinite(value) && (value === 0 || digitsOf(token) === digitsOf(String(value)));
}

/** True if JavaScript writes the number as it was written: `1.0` would become `1`, which is another type for the server. */
const isSpelledSo = (token: string): boolean => String(Number(token)) === token;

/** The value of a JSON text; with `keepsSpelling`, a number that JavaScript writes in another way travels as a marked text too. */
export function parse(text: string, keepsSpelling = false): unknown {
  if (!keepsSpelling && !MAY_LOSE.test(text)) return JSON.parse(text);
  const isKept = keepsSpelling ? isSpelledSo : isExact;
  const marked = replaceTokens(text, (token) => {
    if (!token.startsWith('"')) return isKept(token) ? token : `"${MARK}${token}"`;
    const begins = token.startsWith(`"${MARK}`) || /^"\\u[eE]000/.test(token);
    return begins ? `"${MARK}${token.slice(1)}` : token;
  });
  return JSON.parse(marked);
}

/** The JSON text of a value. */
export function stringify(value: unknown, space?: number): string {
  const text = JSON.stringify(value, null, space);
  if (!text.includes(MARK)) return text;
  return replaceTokens(text, (token) => {
    if (!token.startsWith(`"${MARK}`)) return token;
    return token.startsWith(`"${MARK}${MARK}`) ? `"${token.slice(2)}` : token.slice(2, -1);
  });
}

/** The text of a number that JavaScript cannot hold; null for any other value. */
export function exactNumber(value: unknown): string | null {
  return typeof value === "string" && value.startsWith(MARK) && !value.startsWith(MARK + MARK) ? value.slice(1) : null;
}

/** A number as a value: a JavaScript number if that is written the same, else the text with the mark. */
export function numberValue(token: string): number | string {
  return isSpelledSo(token) ? Number(token) : MARK + token;
}

/** The number that travelled as a number or as a marked text; null for any other value. */
export function numberOf(value: unknown): number | null {
  if (typeof value === "number") return value;
  const token = exactNumber(value);
  return token === null ? null : Number(token);
}

/** A text as a person reads it: without the mark of a long number, and without the second mark. */
export function plainText(value: string): string {
  return value.startsWith(MARK) ? value.slice(1) : value;
}

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** True if both are the same JSON; the order of keys does not matter. */
export function isEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, at) => isEqual(item, b[at]));
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && isEqual(a[key], b[key]));
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
