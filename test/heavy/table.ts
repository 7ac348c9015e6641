/** A reporter for vitest: what held, as a table in the terminal, and what works with which bundler in the docs. */
import { readFileSync, writeFileSync } from "node:fs";
import { relative } from "node:path";
import type { TaskMeta } from "vitest";
import type { TestCase, TestModule } from "vitest/node";
import type { Reporter } from "vitest/reporters";
import { totalsLine } from "../../scripts/lib/totals.ts";
import "./meta.ts";

const PAGE = "docs/integration.md";
const MARKS = /(<!-- bundlers -->\n)[\s\S]*(<!-- \/bundlers -->)/;

type Bundled = NonNullable<TaskMeta["bundled"]>;

const HEADS: Readonly<Record<string, string>> = {
  spawn: "as it is",
  inline: "`worker: inlineWorker`",
  copy: "a copy of the script",
};

const lines = (rows: readonly (readonly string[])[]) =>
  rows.map((row) => `| ${row.join(" | ")} |`).join("\n");

/** A row for each bundler, a column for each way to the worker, in the order in which they came. */
export function bundlersTable(cells: readonly Bundled[]): string {
  const pages = [...new Set(cells.map(({ page }) => page))];
  const rows = [...new Set(cells.map(({ bundler }) => bundler))].map((bundler) => [
    bundler,
    ...pages.map((page) => {
      const cell = cells.find((one) => one.bundler === bundler && one.page === page);
      return cell ? (cell.works ? "yes" : "**no**") : "";
    }),
  ]);
  return lines([
    ["Bundler", ...pages.map((page) => HEADS[page] ?? page)],
    ["---", ...pages.map(() => "---")],
    ...rows,
  ]);
}

/** A row for each file of tests: how many held, how long it took, and what it measured. */
function heldTable(modules: readonly TestModule[]): string {
  const rows = modules.map((module) => {
    const tests = [...module.children.allTests()];
    const held = tests.filter((test) => test.result().state === "passed").length;
    const ok = module.ok() && held === tests.length;
    return [
      relative("test/heavy", module.relativeModuleId).replace(/\.test\.ts$/, ""),
      ok ? `${held} held` : `**${held} of ${tests.length}**`,
      `${Math.round(module.diagnostic().duration / 1000)} s`,
      tests.flatMap((test) => test.meta().figures ?? []).join("; "),
    ];
  });
  return lines([["Proof", "Tests", "Time", "Measured"], ["---", "---", "---", "---"], ...rows]);
}

/** The page is rewritten only where every bundler was tried, and did what it is known to do. */
function keepBundlers(modules: readonly TestModule[]): void {
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  const tried = tests.filter((test) => test.module.moduleId.endsWith("/bundlers.test.ts"));
  const held = (test: TestCase) => test.result().state === "passed";
  if (tried.length === 0 || !tried.every(held)) return;
  const table = bundlersTable(tried.flatMap((test) => test.meta().bundled ?? []));
  console.log(`\n${table}`);
  const page = readFileSync(PAGE, "utf8");
  writeFileSync(
    PAGE,
    page.replace(MARKS, (_all, start, end) => `${start}\n${table}\n\n${end}`),
  );
}

export default class Table implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    keepBundlers(modules);
    console.log(`\n${heldTable(modules)}\n`);
    const states = modules.flatMap((module) =>
      [...module.children.allTests()].map((test) => test.result().state),
    );
    const broken = modules.filter((module) => module.errors().length > 0).length + errors.length;
    const passed = states.filter((state) => state === "passed").length;
    // What was skipped here was skipped by a setup that failed.
    console.log(totalsLine({ passed, failed: states.length - passed + broken }));
  }
}
