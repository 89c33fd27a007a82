/** Bytes in a form: base64, or the text that they are. */

/** Files of this size and more are refused: they would be sent with every turn of the form. */
export const LARGEST_FILE = 1_000_000;

const CHUNK = 0x8000;

export function toBase64(bytes: Uint8Array, isForUrls: boolean): string {
  let binary = "";
  for (let at = 0; at < bytes.length; at += CHUNK) binary += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  const text = btoa(binary);
  return isForUrls ? text.replaceAll("+", "-").replaceAll("/", "_") : text;
}

/** The bytes as text; null if they are no text. */
export function toText(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** How many bytes a base64 text stands for. */
export const sizeOf = (base64: string): number => Math.floor((base64.replace(/[=\s]/g, "").length * 3) / 4);
