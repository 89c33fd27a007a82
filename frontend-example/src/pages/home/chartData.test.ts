import { expect, it } from "vitest";
import { secondsMark } from "./chartData";

it("tells marks below a tenth of a second apart", () => {
  expect([0, 0.02, 0.04, 0.1, 12].map(secondsMark)).toEqual(["0 s", "20 ms", "40 ms", "0.1 s", "12 s"]);
});
