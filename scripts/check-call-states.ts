/** docs/call-states.md says what the code does. `--write` writes the page; without it, a page that is out of date is an error. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { callStatesPage } from "./lib/call-states.ts";

const PAGE = "docs/call-states.md";
const path = join(import.meta.dirname, "..", PAGE);
const page = callStatesPage();
if (process.argv.includes("--write")) writeFileSync(path, page);

const isCurrent = readFileSync(path, "utf8") === page;
console.log(
  isCurrent
    ? `${PAGE} says what the code does`
    : `${PAGE} is out of date: npx tsx scripts/check-call-states.ts --write`,
);
process.exitCode = isCurrent ? 0 : 1;
