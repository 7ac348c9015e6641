/** A reporter for vitest: which scenario passes between whom, as tables, in the terminal and in docs/interop.md. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestModule } from "vitest/node";
import type { Reporter } from "vitest/reporters";
import { totalsLine } from "../../scripts/lib/totals.ts";
import { VERSIONS } from "./older/versions.ts";
import { olderTable, pairTables, type Result, versionOf } from "./tables.ts";

const PAGE = "docs/interop.md";

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

/** A table of the page is rewritten only by a run that left nothing of it out without a reason. */
function keep(table: string, text: string, results: readonly Result[], complete: boolean): void {
  if (results.length === 0) return;
  console.log(`\n${text}`);
  const whole = results.every(({ state, reason }) => state === "passed" || state === "failed" || reason);
  if (!whole || !complete) return;
  const marks = new RegExp(`(<!-- ${table} -->\n)[\\s\\S]*(<!-- /${table} -->)`);
  const page = readFileSync(PAGE, "utf8");
  writeFileSync(
    PAGE,
    page.replace(marks, (_all, start, end) => `${start}\n${text}\n${end}`),
  );
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
    keep("tables", pairTables(others), others, hasAll);
    const versions = new Set(older.map(versionOf));
    keep("older", olderTable(older), older, versions.size === Object.keys(VERSIONS).length);
    const broken = modules.filter((module) => module.errors().length > 0).length + errors.length;
    console.log(totalsLine({ passed: count("passed"), failed: count("failed") + broken }));
  }
}
