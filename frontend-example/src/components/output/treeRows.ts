/** A JSON value as the rows of a tree. Only open nodes have rows; long lists are cut into ranges, so that none is long. */
import { exactNumber, isObject, plainText, stringify, type Json } from "../../api/json";

export type Key = string | number;
export type Path = readonly Key[];

export interface TreeRow {
  /** Unique in the tree: the path, and the range if the row is one. */
  readonly id: string;
  readonly path: Path;
  readonly level: number;
  readonly position: number;
  readonly siblings: number;
  /** The key in the object or list around; null for the whole value and for a range. */
  readonly key: Key | null;
  readonly range: readonly [number, number] | null;
  readonly value: Json;
  readonly canOpen: boolean;
  readonly isOpen: boolean;
}

/** Children of a node that are shown as they are; more become ranges of so many. */
export const RANGE = 100;

/** Characters of a text that a row shows. */
export const LONGEST_TEXT = 160;

export function pathId(path: Path): string {
  return JSON.stringify(path);
}

const stepText = (key: Key): string =>
  typeof key === "string" && /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;

/** `$`, `$.ports[0].vlan`, `$["a b"]`. */
export function pathText(path: Path): string {
  return `$${path.map(stepText).join("")}`;
}

export function keysOf(value: Json): readonly Key[] {
  return Array.isArray(value) ? value.map((_, at) => at) : isObject(value) ? Object.keys(value) : [];
}

export function childOf(value: Json, key: Key): Json {
  if (Array.isArray(value)) return value[Number(key)] ?? null;
  // A key such as `__proto__` is data here, but a lookup of a missing key would find the prototype.
  return isObject(value) && Object.hasOwn(value, key) ? ((value[key] ?? null) as Json) : null;
}

export function valueAt(value: Json, path: Path): Json {
  return path.reduce<Json>(childOf, value);
}

export const sizeOf = (value: Json): number =>
  Array.isArray(value) ? value.length : isObject(value) ? Object.keys(value).length : 0;

const isLongText = (value: Json): boolean =>
  typeof value === "string" && exactNumber(value) === null && (value.length > LONGEST_TEXT || value.includes("\n"));

/** Values that are seen at one glance need no search. */
const FEW = 12;

export function hasManyNodes(value: Json): boolean {
  const left: Json[] = [value];
  for (let count = 0; left.length; count++) {
    if (count > FEW) return true;
    const part = left.pop() ?? null;
    for (const key of keysOf(part).slice(0, FEW + 1)) left.push(childOf(part, key));
  }
  return false;
}

/** The rows of the tree, as far as its nodes are open. */
export function rowsOf(value: Json, open: ReadonlySet<string>): TreeRow[] {
  const rows: TreeRow[] = [];
  const add = (part: Json, path: Path, place: Pick<TreeRow, "level" | "position" | "siblings">): void => {
    const id = pathId(path);
    const isOpen = open.has(id);
    const canOpen = sizeOf(part) > 0 || isLongText(part);
    rows.push({ id, path, ...place, key: path.at(-1) ?? null, range: null, value: part, canOpen, isOpen: canOpen && isOpen });
    if (isOpen && sizeOf(part)) addChildren(part, path, keysOf(part), 0, place.level + 1);
  };
  const addChildren = (part: Json, path: Path, keys: readonly Key[], from: number, level: number): void => {
    if (keys.length <= RANGE) {
      keys.forEach((key, at) => add(childOf(part, key), [...path, key], { level, position: at + 1, siblings: keys.length }));
      return;
    }
    const length = rangeLength(keys.length);
    const siblings = Math.ceil(keys.length / length);
    for (let at = 0; at < siblings; at++) {
      const some = keys.slice(at * length, (at + 1) * length);
      const range = [from + at * length, from + at * length + some.length - 1] as const;
      const id = rangeId(path, range);
      const isOpen = open.has(id);
      rows.push({ id, path, level, position: at + 1, siblings, key: null, range, value: part, canOpen: true, isOpen });
      if (isOpen) addChildren(part, path, some, range[0], level + 1);
    }
  };
  add(value, [], { level: 1, position: 1, siblings: 1 });
  return rows;
}

const rangeId = (path: Path, [from, to]: readonly [number, number]): string => `${pathId(path)}:${from}-${to}`;

/** The smallest power of `RANGE` that leaves at most `RANGE` ranges. */
function rangeLength(count: number): number {
  let length = RANGE;
  while (count / length > RANGE) length *= RANGE;
  return length;
}

/** The ids that must be open so that the place is seen: the nodes around it, and the ranges that hold it. */
export function idsAround(value: Json, path: Path): string[] {
  const ids: string[] = [];
  path.forEach((key, depth) => {
    const around = path.slice(0, depth);
    ids.push(pathId(around));
    const part = valueAt(value, around);
    const count = sizeOf(part);
    const at = Array.isArray(part) ? Number(key) : keysOf(part).indexOf(key);
    for (let [from, rest] = [0, count]; rest > RANGE; ) {
      const length = rangeLength(rest);
      from += Math.floor((at - from) / length) * length;
      rest = Math.min(length, from + rest - from, count - from);
      ids.push(rangeId(around, [from, from + rest - 1]));
    }
  });
  return ids;
}

/** What a row shows of its value. */
export function preview(value: Json): string {
  if (Array.isArray(value)) return value.length ? `[${value.length.toLocaleString()}]` : "[]";
  if (isObject(value)) return sizeOf(value) ? `{${sizeOf(value).toLocaleString()}}` : "{}";
  if (typeof value !== "string") return String(value);
  const digits = exactNumber(value);
  if (digits !== null) return digits;
  const text = plainText(value);
  return text.length > LONGEST_TEXT ? `${JSON.stringify(text.slice(0, LONGEST_TEXT)).slice(0, -1)}…` : JSON.stringify(text);
}

export type Kind = "object" | "list" | "text" | "number" | "boolean" | "null";

export function kindOf(value: Json): Kind {
  if (value === null) return "null";
  if (Array.isArray(value)) return "list";
  if (typeof value === "object") return "object";
  if (typeof value === "boolean") return "boolean";
  return typeof value === "number" || exactNumber(value) !== null ? "number" : "text";
}

/** The value for the clipboard: a text as it is, everything else as JSON. */
export function copyOf(value: Json): string {
  return typeof value === "string" && exactNumber(value) === null ? plainText(value) : stringify(value, 2);
}

/** Places that are found at most. */
export const MOST_FOUND = 1_000;

/** The paths whose key or value contains the words, in upper or lower case, from the top. */
export function findIn(value: Json, words: string): Path[] {
  const found: Path[] = [];
  const wanted = words.toLowerCase();
  if (!wanted) return found;
  const contains = (text: string): boolean => text.toLowerCase().includes(wanted);
  // Not recursive: a remote service may nest deeper than the stack of a browser allows.
  const left: [Json, Path][] = [[value, []]];
  while (left.length && found.length < MOST_FOUND) {
    const [part, path] = left.pop() ?? [null, []];
    const key = path.at(-1);
    const text = sizeOf(part) || Array.isArray(part) || isObject(part) ? "" : leafText(part);
    if ((typeof key === "string" && contains(key)) || (text && contains(text))) found.push(path);
    const keys = keysOf(part);
    for (let at = keys.length - 1; at >= 0; at--) {
      const child = keys[at] as Key;
      left.push([childOf(part, child), [...path, child]]);
    }
  }
  return found;
}

function leafText(value: Json): string {
  return typeof value === "string" ? (exactNumber(value) ?? plainText(value)) : String(value);
}
