/** Values at paths. */
import { isObject, type Json } from "../api/json";

/** The value with another value at a path below it; nothing else is changed. */
export function changedAt(value: Json, [key, ...rest]: readonly (string | number)[], now: Json): Json {
  if (key === undefined) return now;
  if (Array.isArray(value)) return value.map((item, at) => (at === Number(key) ? changedAt(item, rest, now) : item));
  const members = isObject(value) ? (value as { [key: string]: Json }) : {};
  if (!Object.hasOwn(members, key)) return Object.fromEntries([...Object.entries(members), [key, changedAt(null, rest, now)]]);
  return Object.fromEntries(Object.entries(members).map(([other, below]) => [other, other === String(key) ? changedAt(below, rest, now) : below]));
}
