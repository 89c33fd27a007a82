/** The difference of two texts, line by line, as other tools write it: two lines around each change. */
import { kept } from "./comparing";

const AROUND = 2;
const LONGEST = 2_000;

/** Lines that begin with a space, `-`, `+` or `@@`; null if the texts are too long to be compared here. */
export function textDiff(before: string, after: string): string | null {
  const [old, now] = [before.split("\n"), after.split("\n")];
  if (old.length > LONGEST || now.length > LONGEST) return null;
  const lines: string[] = [];
  const isChange: boolean[] = [];
  const add = (sign: string, line: string): void => {
    lines.push(sign + line);
    isChange.push(sign !== " ");
  };
  let [i, j] = [0, 0];
  for (const [oldAt, nowAt] of [...kept(old, now), [old.length, now.length] as const]) {
    while (i < oldAt) add("-", old[i++] ?? "");
    while (j < nowAt) add("+", now[j++] ?? "");
    if (i < old.length) add(" ", old[i] ?? "");
    i++;
    j++;
  }
  return near(lines, isChange);
}

function near(lines: readonly string[], isChange: readonly boolean[]): string {
  const shown: string[] = [];
  let skipped = 0;
  lines.forEach((line, at) => {
    if (isChange.slice(Math.max(0, at - AROUND), at + AROUND + 1).includes(true)) {
      if (skipped) shown.push(`@@ ${skipped} equal ${skipped === 1 ? "line" : "lines"} @@`);
      skipped = 0;
      shown.push(line);
    } else skipped++;
  });
  return shown.join("\n");
}
