/** A reporter for vitest: which scenario passes between whom, as tables, in the terminal and in docs/interop.md. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestModule } from "vitest/node";
import type { Reporter } from "vitest/reporters";
import { totalsLine } from "../../scripts/lib/totals.ts";
import { VERSIONS } from "./older/versions.ts";
import { olderTable, pairTables, type Result, versionOf } from "./tables.ts";

const PAGE = "docs/interop.md";

/** Where the last results of each older version are kept. */
const LAST = ".cache/interop";

function resultsOf(modules: readonly TestModule[]): Result[] {
  return modules.flatMap((module) =>
    [...module.children.allTests()].flatMap((test): Result[] => {
      const suite = test.parent.type === "suite" ? test.parent.name : "";
      const [, caller = "", callee = "", homeserver = ""] = /^(.*) calls (.*), (.*)$/.exec(suite) ?? [];
      const result = test.result();
      const reason = result.state === "skipped" ? result.note : undefined;
      const { state } = result;
      return [{ scenario: test.name, caller, callee, homeserver, state, ...(reason && { reason }) }];
    }),
  );
}

/** Whether nothing was left out without a reason. */
const isWhole = (results: readonly Result[]) =>
  results.every(({ state, reason }) => state === "passed" || state === "failed" || reason);

/** Puts a table in its place on the page. */
function write(table: string, text: string): void {
  const marks = new RegExp(`(<!-- ${table} -->\n)[\\s\\S]*(<!-- /${table} -->)`);
  const page = readFileSync(PAGE, "utf8");
  writeFileSync(
    PAGE,
    page.replace(marks, (_all, start, end) => `${start}\n${text}\n${end}`),
  );
}

/** The results of the last whole run of each older version, of those that this one has from it. */
function lastOfAll(results: readonly Result[]): Result[] {
  mkdirSync(LAST, { recursive: true });
  return Object.keys(VERSIONS).flatMap((version) => {
    const file = join(LAST, `${version}.json`);
    const own = results.filter((result) => versionOf(result) === version);
    if (own.length > 0 && isWhole(own)) writeFileSync(file, JSON.stringify(own));
    return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Result[]) : [];
  });
}

export default class Table implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const results = resultsOf(modules);
    const count = (wanted: Result["state"]) => results.filter(({ state }) => state === wanted).length;
    const older = results.filter((result) => versionOf(result) !== undefined);
    const others = results.filter((result) => versionOf(result) === undefined);
    const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith(".test.ts"));
    const hasAll = files.every((name) =>
      modules.some(({ moduleId }) => moduleId === join(import.meta.dirname, name)),
    );
    if (others.length > 0) console.log(`\n${pairTables(others)}`);
    if (others.length > 0 && hasAll && isWhole(others)) write("tables", pairTables(others));
    if (older.length > 0) console.log(`\n${olderTable(older)}`);
    // Where no version was named, something was left out for want of time.
    const all = process.env.SDK_VERSIONS === undefined ? [] : lastOfAll(older);
    if (new Set(all.map(versionOf)).size === Object.keys(VERSIONS).length) write("older", olderTable(all));
    const broken = modules.filter((module) => module.errors().length > 0).length + errors.length;
    console.log(totalsLine({ passed: count("passed"), failed: count("failed") + broken }));
  }
}
