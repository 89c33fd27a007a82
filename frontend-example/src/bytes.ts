/** Sizes as people say them. */

/** `512 B`, `100.0 kB`, `5.2 MB`. */
export function size(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  if (bytes < 999_950) return `${(bytes / 1_000).toFixed(1)} kB`;
  return bytes < 999_950_000 ? `${(bytes / 1_000_000).toFixed(1)} MB` : `${(bytes / 1_000_000_000).toFixed(1)} GB`;
}

/** The number of bytes of a text in UTF-8. */
export function bytesOf(text: string): number {
  return new Blob([text]).size;
}
