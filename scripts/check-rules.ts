/**
 * Every rule of a Matrix call is held by a test that names it, and docs/rules.md says by which. `--write` writes the
 * page; without it a rule without a test, or a page that is out of date, is an error.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { rulesPage, testsByRule } from "./lib/rules.ts";
import { run } from "./lib/run.ts";

process.chdir(join(import.meta.dirname, ".."));
const PAGE = "docs/rules.md";

const listed = await run("npx", [
  "vitest",
  "list",
  "--json",
  "--project",
  "unit",
  "--project",
  "dom",
  "--project",
  "e2e",
]);
if (listed.code !== 0) throw new Error(`vitest could not list the tests:\n${listed.output}`);
const found: { readonly name: string }[] = JSON.parse(listed.output.slice(listed.output.indexOf("[")));
// Without the names of their suites, and sorted: the order in which they were found says nothing, and changes.
const tests = found.map(({ name }) => name.split(" > ").at(-1) ?? name).sort();
const page = rulesPage(tests);
const bare = [...testsByRule(tests)].filter(([, names]) => names.length === 0).map(([rule]) => rule);
if (process.argv.includes("--write")) writeFileSync(PAGE, page);

const faults = [
  ...(bare.length > 0 ? [`no test names ${bare.join(", ")}: write one`] : []),
  ...(readFileSync(PAGE, "utf8") === page
    ? []
    : [`${PAGE} is out of date: npx tsx scripts/check-rules.ts --write`]),
];
console.log(
  faults.length > 0 ? faults.join("\n") : `every one of ${testsByRule(tests).size} rules has a test`,
);
process.exitCode = faults.length > 0 ? 1 : 0;
