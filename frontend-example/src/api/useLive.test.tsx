// @vitest-environment jsdom
import { act } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError, run, Unauthenticated } from "./client";
import { useLive } from "./useLive";

vi.mock("./client", async (original) => ({ ...(await original<typeof import("./client")>()), run: vi.fn() }));

const QUERY = "query Clock { viewer { permissions } }";
const concerns = (): boolean => false;

function Clock({ name }: { name: string }) {
  const { data, error } = useLive(QUERY, { name }, { concerns });
  return error ? error.message : String(data);
}

describe("a query that follows the stream", () => {
  let root: Root;
  let place: HTMLElement;
  const asked = vi.mocked(run);
  const draw = (name: string) => act(async () => root.render(<Clock name={name} />));
  const pass = (milliseconds: number) => act(async () => vi.advanceTimersByTimeAsync(milliseconds));

  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
    place = document.createElement("div");
    root = createRoot(place);
    asked.mockReset();
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it("is read every two seconds while the server is away, and is there when the server is", async () => {
    asked.mockRejectedValue(new ApiError("away"));
    await draw("a");
    await pass(10_100);
    expect(asked).toHaveBeenCalledTimes(6);
    asked.mockResolvedValue("noon");
    await pass(2_000);
    expect(place.textContent).toBe("noon");
    await pass(60_000);
    expect(asked).toHaveBeenCalledTimes(7);
  });

  it("is read less and less often if the server refuses it", async () => {
    asked.mockRejectedValue(new ApiError("no", "FORBIDDEN"));
    await draw("a");
    await pass(120_000);
    expect(asked.mock.calls.length).toBeLessThan(10);
  });

  it("is loading, and no error, until somebody has signed in", async () => {
    asked.mockRejectedValue(new Unauthenticated("Sign in first."));
    await draw("a");
    await pass(10_000);
    expect(place.textContent).toBe("null");
    expect(asked).toHaveBeenCalledTimes(1);
  });

  it("is not read again after its page was left, also if the last answer is an error", async () => {
    let fail = (_problem: Error): void => undefined;
    asked.mockReturnValue(new Promise((_, reject) => (fail = reject)));
    await draw("a");
    await act(async () => root.unmount());
    fail(new ApiError("away"));
    await pass(60_000);
    expect(asked).toHaveBeenCalledTimes(1);
  });

  it("is read for the newest variables, one reading at a time", async () => {
    let answer = (_data: unknown): void => undefined;
    asked.mockReturnValueOnce(new Promise((resolve) => (answer = resolve)));
    asked.mockResolvedValue("second");
    await draw("a");
    await draw("b");
    expect(asked).toHaveBeenCalledTimes(1);
    answer("first");
    await pass(200);
    expect(asked).toHaveBeenCalledTimes(2);
    expect(place.textContent).toBe("second");
  });
});
