/**
 * The figures in README.md and docs are those of the samples under bench/baselines. `--write` writes them; without it
 * a table that is out of date, or a baseline of which no page has figures, is an error.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { filesOf, withFigures } from "./lib/figures.ts";

process.chdir(join(import.meta.dirname, ".."));
const BASELINES = "bench/baselines";
const files = ["README.md", ...readdirSync("docs").map((name) => `docs/${name}`)].filter((file) =>
  file.endsWith(".md"),
);

const faults: string[] = [];
const shown = new Set<string>();
for (const file of files) {
  const page = readFileSync(file, "utf8");
  for (const baseline of filesOf(page)) shown.add(baseline);
  const fresh = withFigures(page);
  if (fresh === page) continue;
  if (process.argv.includes("--write")) writeFileSync(file, fresh);
  else faults.push(`the figures in ${file} are out of date: npx tsx scripts/check-figures.ts --write`);
}
for (const name of readdirSync(BASELINES)) {
  if (!shown.has(`${BASELINES}/${name}`)) faults.push(`no page has figures of ${BASELINES}/${name}`);
}
console.log(faults.length > 0 ? faults.join("\n") : `the figures are those of ${shown.size} baselines`);
process.exitCode = faults.length > 0 ? 1 : 0;
