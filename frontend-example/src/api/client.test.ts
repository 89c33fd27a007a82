// @vitest-environment jsdom
import { describe, expect, it } from "vitest";
import { ApiError, errorText } from "./client";

describe("an error as a text", () => {
  it("has the id that finds the details in the server's log, once", () => {
    expect(errorText(new ApiError("It failed.", "INTERNAL_ERROR", "ab12"))).toBe("It failed. (error id ab12)");
    expect(errorText(new ApiError("It failed: ab12.", "INTERNAL_ERROR", "ab12"))).toBe("It failed: ab12.");
    expect(errorText(new ApiError("Nobody may.", "FORBIDDEN"))).toBe("Nobody may.");
    expect(errorText(new Error("The line broke."))).toBe("The line broke.");
  });
});
