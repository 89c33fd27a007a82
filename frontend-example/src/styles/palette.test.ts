/** The colours of logs can be read: a contrast of at least 4.5 wherever they may stand, light and dark. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const sheet = (name: string): string => readFileSync(join("src/styles", name), "utf8");
const sheets = sheet("base.css") + sheet("ansi.css");
const DARK = "@media (prefers-color-scheme: dark)";

/** The custom properties of the light and of the dark theme. */
function properties(theme: "light" | "dark"): Map<string, string> {
  const found = new Map<string, string>();
  for (const block of sheets.matchAll(/(@media \(prefers-color-scheme: dark\) \{\s*)?:root\s*\{([^}]*)\}/g)) {
    if (block[1]?.startsWith(DARK) && theme === "light") continue;
    for (const [, name = "", value = ""] of (block[2] ?? "").matchAll(/(--[\w-]+):\s*(#[\da-f]{3,6})\b/gi)) found.set(name, value);
  }
  return found;
}

function luminance(colour: string): number {
  const digits = colour.length === 4 ? [...colour.slice(1)].map((digit) => digit + digit).join("") : colour.slice(1);
  const [red = 0, green = 0, blue = 0] = [0, 2, 4].map((at) => {
    const part = parseInt(digits.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [low = 0, high = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

describe.each(["light", "dark"] as const)("%s", (theme) => {
  const colours = properties(theme);
  const texts = [...colours.keys()].filter((name) => /^--ansi-(?!tint)/.test(name));
  const papers = [...colours.keys()].filter((name) => /^--ansi-tint-/.test(name));

  it("has sixteen colours and eight tints", () => {
    expect([texts.length, papers.length]).toEqual([16, 8]);
  });

  it.each([...papers, "--sunk", "--card", "--good-wash", "--bad-wash"])("every colour can be read on %s", (paper) => {
    const bad = [...texts, "--ink", "--soft"]
      .map((text) => [text, contrast(colours.get(text) ?? "", colours.get(paper) ?? "")] as const)
      .filter(([text, ratio]) => ratio < 4.5 && !(text === "--soft" && paper.startsWith("--ansi")));
    expect(bad).toEqual([]);
  });

  it("what is found can be read", () => {
    expect(contrast(colours.get("--log-mark") ?? "", colours.get("--log-mark-ink") ?? "")).toBeGreaterThan(4.5);
  });
});
