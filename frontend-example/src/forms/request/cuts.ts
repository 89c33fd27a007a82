/** How much of a text is shown, in words. */

interface Cut {
  shownLength: number;
  totalLength: number;
  totalBytes: number;
}

const UNITS: readonly [number, string][] = [
  [1e9, "GB"],
  [1e6, "MB"],
  [1e3, "kB"],
];

/** Bytes in decimal units, rounded down: a part is never said to be the whole. */
export function bytesInWords(bytes: number): string {
  const [size, unit] = UNITS.find(([least]) => bytes >= least) ?? [1, "bytes"];
  return `${(Math.floor((bytes / size) * 10) / 10).toLocaleString("en")} ${unit}`;
}

export const cutWords = (label: string, { shownLength, totalLength, totalBytes }: Cut): string =>
  `${label}: the first ${shownLength.toLocaleString("en")} of ${totalLength.toLocaleString("en")} characters are shown ` +
  `(${bytesInWords(totalBytes)}).`;
