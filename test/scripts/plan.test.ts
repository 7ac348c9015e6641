import { expect, it } from "vitest";
import { parseFlags, plan } from "../../scripts/lib/plan.ts";

const scripts = ["test.ts", "check-rules.ts", "check-package.ts", "lib", "check-bundle.ts", "check-notes.md"];
const names = (...args: string[]) => plan(parseFlags(args), scripts).map(({ name }) => name);

it("builds first and opens a browser last", () => {
  expect(names()).toEqual([
    "build",
    "lint",
    "types",
    "unit",
    "dom",
    "runtimes",
    "check-bundle",
    "check-package",
    "check-rules",
    "e2e",
  ]);
});

it("leaves out browser, runtimes and rules with --quick, and nothing else", () => {
  const slow = ["runtimes", "check-rules", "e2e"];
  expect(names("--quick")).toEqual(names().filter((name) => !slow.includes(name)));
});

it("runs only the build and Synapse's tests with --synapse", () => {
  expect(names("--synapse")).toEqual(["build", "synapse"]);
});

it("refuses flags that it does not know, or that exclude each other", () => {
  expect(() => parseFlags(["--quik"])).toThrow("--quik");
  expect(() => parseFlags(["unit"])).toThrow("unit");
  expect(() => parseFlags(["--quick", "--synapse"])).toThrow("not both");
});

it("says how to run a step alone", () => {
  const commands = plan(parseFlags([]), []).map(({ command }) => command);
  expect(commands).toContain("npm run --silent build");
  expect(commands).toContain("npx biome check .");
  expect(commands).toContain("npx vitest run --project unit");
});
