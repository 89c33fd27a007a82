/** The texts that the server shows in the place of a secret. */

const MASKS = ["[redacted]", "**********"];

/** True if the server hid the whole value. */
export const isMask = (value: unknown): boolean => typeof value === "string" && MASKS.includes(value);

/** True if the server hid a part of the value, at any depth. */
export function holdsMask(value: unknown): boolean {
  if (typeof value === "string") return MASKS.some((mask) => value.includes(mask));
  return typeof value === "object" && value !== null && Object.values(value).some(holdsMask);
}
