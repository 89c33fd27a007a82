/** Icons of the outputs, on the grid of `status.ts`. */
export const GLYPHS = {
  up: "m4 10 4-4 4 4",
  down: "m4 6 4 4 4-4",
  right: "m6 4 4 4-4 4",
  plus: "M8 3.5v9M3.5 8h9",
  minus: "M3.5 8h9",
  change: "M3 5.5h9.5L10 3M13 10.5H3.5L6 13",
} as const;
