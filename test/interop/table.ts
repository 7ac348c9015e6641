/** A reporter for vitest: which scenario passes between whom, as tables, in the terminal and in docs/interop.md. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import type { TestModule } from "vitest/node";
import type { Reporter } from "vitest/reporters";
import { totalsLine } from "../../scripts/lib/totals.ts";

const PAGE = "docs/interop.md";
const MARKS = /(<!-- tables -->\n)[\s\S]*(<!-- \/tables -->)/;

export interface Result {
  readonly scenario: string;
  readonly caller: string;
  readonly callee: string;
  readonly homeserver: string;
  readonly state: "passed" | "failed" | "skipped" | "pending";
}

const cells = { passed: "yes", failed: "**no**", skipped: "", pending: "" } as const;

/** One table for each two that call each other: a row for each scenario, a column for each way and homeserver. */
export function tablesOf(results: readonly Result[]): string {
  return groups(results, ({ caller, callee }) => [caller, callee].sort().join(" and "))
    .map(([pair, own]) => `### ${pair}\n\n${tableOf(own)}\n`)
    .join("\n");
}

function tableOf(results: readonly Result[]): string {
  const headOf = ({ caller, homeserver }: Result) => `${caller} calls, ${homeserver}`;
  const heads = groups(results, headOf).map(([head]) => head);
  const rows = groups(results, ({ scenario }) => scenario).map(([scenario, own]) => {
    const states = heads.map((head) => own.find((result) => headOf(result) === head)?.state);
    return [scenario, ...states.map((state) => (state ? cells[state] : "gap"))];
  });
  const lines = [["Scenario", ...heads], ["---", ...heads.map(() => "---")], ...rows];
  return lines.map((line) => `| ${line.join(" | ")} |`).join("\n");
}

/** By what `keyOf` says of them, in the order in which that first came. */
function groups<T>(items: readonly T[], keyOf: (item: T) => string): [string, T[]][] {
  const found = new Map<string, T[]>();
  for (const item of items) found.set(keyOf(item), [...(found.get(keyOf(item)) ?? []), item]);
  return [...found];
}

function resultsOf(modules: readonly TestModule[]): Result[] {
  return modules.flatMap((module) =>
    [...module.children.allTests()].flatMap((test): Result[] => {
      const suite = test.parent.type === "suite" ? test.parent.name : "";
      const [, caller = "", callee = "", homeserver = ""] = /^(.*) calls (.*), (.*)$/.exec(suite) ?? [];
      return [{ scenario: test.name, caller, callee, homeserver, state: test.result().state }];
    }),
  );
}

const testFiles = () => readdirSync(import.meta.dirname).filter((name) => name.endsWith(".test.ts"));

/** The page is rewritten only by a run that left nothing out. */
function keep(tables: string): void {
  const page = readFileSync(PAGE, "utf8");
  writeFileSync(
    PAGE,
    page.replace(MARKS, (_all, start, end) => `${start}\n${tables}\n${end}`),
  );
}

export default class Table implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const results = resultsOf(modules);
    const count = (wanted: Result["state"]) => results.filter(({ state }) => state === wanted).length;
    const tables = tablesOf(results);
    console.log(`\n${tables}`);
    const broken = modules.filter((module) => module.errors().length > 0).length + errors.length;
    const whole =
      modules.length === testFiles().length && count("passed") + count("failed") === results.length;
    if (whole) keep(tables);
    console.log(totalsLine({ passed: count("passed"), failed: count("failed") + broken }));
  }
}
