import { defineConfig } from "vitest/config";

// One thread for all files: an environment for each of 43 files would take four times as long as the tests.
export default defineConfig({
  test: {
    environment: "node",
    include: ["src/**/*.test.ts", "src/**/*.test.tsx"],
    pool: "threads",
    isolate: false,
    unstubGlobals: true, // a global that one file replaced would stay replaced for the next
    fileParallelism: false,
    testTimeout: 60_000, // a limit for a test that hangs: a slow machine is no failure
  },
});
