/** Filters as the part of an address behind the `?`. */

/** New values by parameter: a text, several texts, or none, which removes the parameter. */
export type Changes = Record<string, string | readonly string[]>;

export function changed(before: URLSearchParams, changes: Changes): URLSearchParams {
  const after = new URLSearchParams(before);
  for (const [name, values] of Object.entries(changes)) {
    after.delete(name);
    for (const value of typeof values === "string" ? [values] : values) if (value) after.append(name, value);
  }
  return after;
}

/** The value with it, or without it if it was there. */
export function toggled(values: readonly string[], value: string): string[] {
  return values.includes(value) ? values.filter((other) => other !== value) : [...values, value];
}

/** A local time of an input field as the moment that an address carries: the same for a reader in another zone. */
export function momentOf(local: string, isUtc: boolean): string {
  const at = new Date(isUtc ? `${local}Z` : local);
  return local && !Number.isNaN(at.getTime()) ? at.toISOString().replace(/:\d\d\.\d+Z$/, "Z") : "";
}

/** The value of an input field for a local time; empty if the text is no moment. */
export function localOf(moment: string, isUtc: boolean): string {
  const at = new Date(moment);
  if (!moment || Number.isNaN(at.getTime())) return "";
  const shift = isUtc ? 0 : at.getTimezoneOffset() * 60_000;
  return new Date(at.getTime() - shift).toISOString().slice(0, 16);
}
