import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const lines = (path: string) =>
  readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), "utf8").split("\n");

it("the workflow runs the parts of .ci/run, each by itself", () => {
  const parts = lines(".ci/run").flatMap((line) => /^check (.+)$/.exec(line)?.[1] ?? []);
  const runs = lines(".github/workflows/ci.yml").flatMap((line) => /^ {10}- (npm .+)$/.exec(line)?.[1] ?? []);
  expect(parts.length).toBeGreaterThan(1);
  expect(["npm ci", ...runs]).toEqual(parts);
});
