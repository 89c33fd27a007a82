// @vitest-environment jsdom
import { beforeEach, describe, expect, it, vi } from "vitest";
import { ChunkMissing, load, withCause } from "./chunks";

const reload = vi.fn();
const gone = (): Promise<never> => Promise.reject(new TypeError("Failed to fetch dynamically imported module: /assets/x.js"));
const settled = <T>(promise: Promise<T>) =>
  Promise.race([promise.catch((error: unknown) => error), new Promise((resolve) => setTimeout(resolve, 20, "pending"))]);

function serve(answers: () => Promise<Response>): void {
  vi.stubGlobal("fetch", vi.fn(answers));
}

beforeEach(() => {
  sessionStorage.clear();
  reload.mockReset();
  vi.stubGlobal("location", { reload });
  serve(async () => new Response(null));
});

describe("a part that is not loaded", () => {
  it("reloads the page once on the way to another page, and then says so", async () => {
    expect(await settled(load(gone, true))).toBe("pending");
    expect(await settled(load(gone, true))).toBeInstanceOf(ChunkMissing);
    expect(reload).toHaveBeenCalledTimes(1);
  });

  it("never reloads the page under a person", async () => {
    expect(await settled(load(gone))).toBeInstanceOf(ChunkMissing);
    expect(reload).not.toHaveBeenCalled();
  });

  it("never reloads the page if the server is away, and offers to try again", async () => {
    serve(async () => Promise.reject(new TypeError("Failed to fetch")));
    const missing = (await settled(load(gone, true))) as ChunkMissing;
    await missing.retry();
    expect(reload).not.toHaveBeenCalled();
    serve(async () => new Response(null));
    await missing.retry();
    expect(reload).toHaveBeenCalledTimes(1);
  });

  it.each([
    "Failed to fetch dynamically imported module: x",
    "error loading dynamically imported module: x",
    "Importing a module script failed.",
    "Unable to preload CSS for /assets/dialog.css",
  ])("is known by what browsers say: %s", (words) => expect(withCause(new TypeError(words))).toBeInstanceOf(ChunkMissing));

  it("is no other error", () => expect(withCause(new TypeError("x is undefined"))).not.toBeInstanceOf(ChunkMissing));
});
