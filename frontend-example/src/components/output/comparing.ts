/** What changed from one JSON value to another: a list of places, each with its old and new value. */
import { isEqual, isObject, stringify, type Json } from "../../api/json";
import type { Key, Path } from "./treeRows";

export type ChangeKind = "added" | "removed" | "changed";

export interface Change {
  /**
   * The place in the new value; the last key of what was removed is its key in the old value, and so is that of what stands
   * in something that was removed.
   */
  readonly path: Path;
  readonly kind: ChangeKind;
  readonly before?: Json;
  readonly after?: Json;
}

/** Longer lists are compared place by place: finding what moved costs the product of both lengths. */
const LONGEST_LIST = 400;

export function changesOf(before: Json, after: Json): Change[] {
  const found: Change[] = [];
  compare(before, after, [], found);
  return found;
}

function compare(before: Json, after: Json, path: Path, found: Change[]): void {
  if (isEqual(before, after)) return;
  if (isObject(before) && isObject(after)) compareObjects(before, after, path, found);
  else if (Array.isArray(before) && Array.isArray(after)) compareLists(before, after, path, found);
  else found.push({ path, kind: "changed", before, after });
}

function compareObjects(before: Record<string, Json>, after: Record<string, Json>, path: Path, found: Change[]): void {
  for (const key of Object.keys(before)) {
    if (Object.hasOwn(after, key)) compare(before[key] as Json, after[key] as Json, [...path, key], found);
    else found.push({ path: [...path, key], kind: "removed", before: before[key] as Json });
  }
  for (const key of Object.keys(after))
    if (!Object.hasOwn(before, key)) found.push({ path: [...path, key], kind: "added", after: after[key] as Json });
}

function compareLists(before: Json[], after: Json[], path: Path, found: Change[]): void {
  const pairs = before.length <= LONGEST_LIST && after.length <= LONGEST_LIST ? kept(before, after) : [];
  let [old, now] = [0, 0];
  for (const [oldEnd, nowEnd] of [...pairs, [before.length, after.length] as const]) {
    // What stands between two kept elements is compared in order.
    for (; old < oldEnd && now < nowEnd; old++, now++)
      compare(before[old] as Json, after[now] as Json, [...path, now], found);
    for (; old < oldEnd; old++) found.push({ path: [...path, old], kind: "removed", before: before[old] as Json });
    for (; now < nowEnd; now++) found.push({ path: [...path, now], kind: "added", after: after[now] as Json });
    old = oldEnd + 1;
    now = nowEnd + 1;
  }
}

/** The longest common subsequence: positions of equal elements in both lists, in order. */
export function kept<T>(before: readonly T[], after: readonly T[]): (readonly [number, number])[] {
  const [old, now] = [before, after].map((list) => list.map((element) => stringify(element)));
  if (!old || !now) return [];
  let start = 0;
  while (start < old.length && start < now.length && old[start] === now[start]) start++;
  let tail = 0;
  while (tail < old.length - start && tail < now.length - start && old.at(-1 - tail) === now.at(-1 - tail)) tail++;
  const pairs: [number, number][] = Array.from({ length: start }, (_, at) => [at, at]);
  pairs.push(...middle(old.slice(start, old.length - tail), now.slice(start, now.length - tail), start));
  for (let at = tail; at > 0; at--) pairs.push([old.length - at, now.length - at]);
  return pairs;
}

function middle(old: readonly string[], now: readonly string[], start: number): [number, number][] {
  const width = now.length + 1;
  const lengths = new Uint32Array((old.length + 1) * width);
  const at = (i: number, j: number): number => lengths[i * width + j] ?? 0;
  for (let i = old.length - 1; i >= 0; i--)
    for (let j = now.length - 1; j >= 0; j--)
      lengths[i * width + j] = old[i] === now[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  const pairs: [number, number][] = [];
  for (let [i, j] = [0, 0]; i < old.length && j < now.length; ) {
    if (old[i] === now[j]) pairs.push([start + i++, start + j++]);
    else if (at(i + 1, j) >= at(i, j + 1)) i++;
    else j++;
  }
  return pairs;
}

/** The list of the server (`ProductSubscription.changes`), with the number of the changes that it left out. */
export function serverChanges(list: Json): { changes: Change[]; omitted: number } {
  const changes: Change[] = [];
  let omitted = 0;
  for (const entry of Array.isArray(list) ? list : []) {
    if (!isObject(entry)) continue;
    const { path, change, old, new: now, count } = entry as Record<string, Json | undefined>;
    if (change === "omitted") omitted += Number(count ?? 0);
    else if (change === "added" || change === "removed" || change === "changed")
      changes.push({
        path: keysOfPath(String(path ?? "")),
        kind: change,
        ...(change !== "added" && { before: old ?? null }),
        ...(change !== "removed" && { after: now ?? null }),
      });
  }
  return { changes, omitted };
}

const STEP = /\[(\d+)\]|\[("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')\]|([^.[\]'"]+)/g;
const ESCAPE = /\\(?:x([\da-f]{2})|u([\da-f]{4})|U([\da-f]{8})|(.))/gi;
const NAMED: Record<string, string> = { n: "\n", r: "\r", t: "\t" };

/** The keys of a path of the server, which is written as in Python: `virtual_circuit.saps[0].vlan`, `labels['rack-unit']`. */
export function keysOfPath(path: string): Key[] {
  return [...path.matchAll(STEP)].map(([, index, text, name = ""]) => {
    if (index !== undefined) return Number(index);
    return text === undefined ? name : unescaped(text.slice(1, -1));
  });
}

function unescaped(text: string): string {
  return text.replace(ESCAPE, (_, two?: string, four?: string, eight?: string, one: string = "") => {
    const code = two ?? four ?? eight;
    return code ? String.fromCodePoint(parseInt(code, 16)) : (NAMED[one] ?? one);
  });
}

export interface ChangeGroup {
  readonly key: Key | null;
  readonly changes: readonly Change[];
}

/** The changes by the first key of their paths, in order. */
export function grouped(changes: readonly Change[]): ChangeGroup[] {
  const groups = new Map<string, { key: Key | null; changes: Change[] }>();
  for (const change of changes) {
    const key = change.path[0] ?? null;
    const name = JSON.stringify(key);
    const group = groups.get(name) ?? { key, changes: [] };
    group.changes.push(change);
    groups.set(name, group);
  }
  return [...groups.values()];
}
