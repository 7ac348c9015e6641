import { resolve } from "node:path";
import { defineConfig } from "vitest/config";
import manifest from "./package.json" with { type: "json" };

/** The package's own names, as its sources: what the demo and the examples import is what the tests import. */
const alias = Object.entries(manifest.exports)
  .filter(([, path]) => path.endsWith(".js"))
  .map(([name, path]) => ({
    find: new RegExp(`^trunkline${name.slice(1)}$`),
    replacement: resolve(path.replace("/dist/", "/src/").replace(/js$/, "ts")),
  }));

/** Unrelated suites, one runner: `npx vitest run --project unit`. An unhandled rejection fails any of them. */
export default defineConfig({
  test: {
    projects: [
      {
        resolve: { alias },
        test: {
          name: "unit",
          // Time and chance are handed in, and what a test stubs it puts back: so files may share what they import, and
          // both running and listing them takes half the time.
          isolate: false,
          include: ["test/**/*.test.ts"],
          exclude: ["test/{dom,e2e,synapse,interop,heavy,runtimes}/**"],
          // Time is virtual here: what takes long in real time is a busy machine.
          testTimeout: 30_000,
        },
      },
      {
        resolve: { alias },
        test: {
          name: "dom",
          // A document without a browser: what needs one, but neither WebRTC nor a worker.
          environment: "happy-dom",
          environmentOptions: { happyDOM: { url: "https://demo.test/" } },
          include: ["test/dom/**/*.test.ts"],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: "runtimes",
          include: ["test/runtimes/*.test.ts"],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "synapse",
          include: ["test/synapse/**/*.test.ts"],
          globalSetup: ["test/synapse/global.setup.ts"],
          testTimeout: 120_000,
          hookTimeout: 600_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "heavy",
          include: ["test/heavy/*.test.ts", "test/heavy/{encrypted,tabs,worker}/*.test.ts"],
          globalSetup: ["test/synapse/global.setup.ts"],
          testTimeout: 120_000,
          hookTimeout: 600_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "interop",
          include: ["test/interop/*.test.ts"],
          globalSetup: ["test/synapse/global.setup.ts"],
          testTimeout: 120_000,
          hookTimeout: 600_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "interop-older",
          include: ["test/interop/older/*.test.ts"],
          globalSetup: ["test/interop/older/global.setup.ts"],
          testTimeout: 120_000,
          hookTimeout: 600_000,
          fileParallelism: false,
          // After those of `interop`, not beside them.
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
