/** What a run found, as Markdown. */

export interface Result {
  readonly scenario: string;
  readonly caller: string;
  readonly callee: string;
  readonly homeserver: string;
  readonly state: "passed" | "failed" | "skipped" | "pending";
  /** Why it was left out. */
  readonly reason?: string;
}

const cells = { passed: "yes", failed: "**no**", skipped: "", pending: "" } as const;

/** The older matrix-js-sdk of a result, if it is of one. */
export const versionOf = ({ caller, callee }: Result): string | undefined =>
  /^matrix-js-sdk (\d+)$/.exec(caller === "Trunkline" ? callee : caller)?.[1];

/** One table for each two that call each other: a row for each scenario, a column for each way and homeserver. */
export function pairTables(results: readonly Result[]): string {
  return groups(results, ({ caller, callee }) => [caller, callee].sort().join(" and "))
    .map(([pair, own]) => {
      const table = tableOf(
        own,
        ({ caller, homeserver }) => `${caller} calls, ${homeserver}`,
        (result) => (result ? cells[result.state] : "gap"),
      );
      return `### ${pair}\n\n${table}\n`;
    })
    .join("\n");
}

/** One table for all older versions, the columns two to each, and below it why something was left out. */
export function olderTable(results: readonly Result[]): string {
  const reasons = [...new Set(results.flatMap(({ reason }) => reason ?? []))];
  const table = tableOf(
    results,
    (result) => (result.caller === "Trunkline" ? `calls ${versionOf(result)}` : `${versionOf(result)} calls`),
    (result) => {
      if (!result) return "";
      return result.reason ? `(${reasons.indexOf(result.reason) + 1})` : cells[result.state];
    },
  );
  return [table, "", ...reasons.map((reason, index) => `${index + 1}. ${reason}`), ""].join("\n");
}

/** Rows are scenarios; `headOf` names a result's column, `cellOf` says what stands there, also where there is none. */
function tableOf(
  results: readonly Result[],
  headOf: (result: Result) => string,
  cellOf: (result: Result | undefined) => string,
): string {
  const heads = groups(results, headOf).map(([head]) => head);
  const rows = groups(results, ({ scenario }) => scenario).map(([scenario, own]) => [
    scenario,
    ...heads.map((head) => cellOf(own.find((result) => headOf(result) === head))),
  ]);
  const lines = [["Scenario", ...heads], ["---", ...heads.map(() => "---")], ...rows];
  return lines.map((line) => `| ${line.join(" | ")} |`).join("\n");
}

/** By what `keyOf` says of them, in the order in which that first came. */
function groups<T>(items: readonly T[], keyOf: (item: T) => string): [string, T[]][] {
  const found = new Map<string, T[]>();
  for (const item of items) found.set(keyOf(item), [...(found.get(keyOf(item)) ?? []), item]);
  return [...found];
}
