import type { Baseline } from "./baseline.ts";
import { type Comparison, compare, type Estimate, missingRows } from "./compare.ts";
import type { Measure } from "./measure.ts";
import type { Row } from "./row.ts";
import { digits } from "./terminal.ts";

/** What a run is beside a baseline, for people; passed where nothing is worse and no row is missing. */
export function compareWith(
  baseline: Pick<Baseline, "at" | "rows">,
  rows: readonly Row[],
  measures: readonly Measure[],
): { readonly passed: boolean; readonly text: string } {
  const compared = compare(baseline.rows, rows);
  const missing = missingRows(baseline.rows, rows, measures);
  const changed = compared.filter(({ verdict }) => verdict !== "same");
  const worse = changed.filter(({ verdict }) => verdict === "worse");
  const lines = [
    `Beside the baseline of ${baseline.at.slice(0, 10)}: ${compared.length} figures compared, ${worse.length} worse, ${changed.length - worse.length} better.`,
    ...changed.map(line),
    ...missing.map(
      (name) => `  missing  ${name}: the baseline has it, this run has not; make a new one with --save`,
    ),
    ...(compared.length === 0
      ? ["  Nothing could be compared: are these the measures of the baseline?"]
      : []),
  ];
  const passed = worse.length === 0 && missing.length === 0 && compared.length > 0;
  return { passed, text: lines.join("\n") };
}

function line({ name, side, basis, before, now, verdict }: Comparison): string {
  const to = basis === "itself" ? "" : ` as a ratio to the ${basis}`;
  return `  ${verdict.padEnd(6)}  ${name}, ${side}${to}: ${show(before)} before, ${show(now)} now`;
}

const show = ({ median, low, high }: Estimate) => `${digits(median)} (${digits(low)} to ${digits(high)})`;
