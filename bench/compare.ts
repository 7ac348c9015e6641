import { type Interval, interval, percentile } from "../src/bench/statistics.ts";
import type { Row } from "./row.ts";

/** What a comparison needs of a row: nothing of the machine it was measured on. */
export type ComparableRow = Pick<Row, "name" | "unit" | "better" | "samples">;

/** Of units that are counted, two runs differ by what was changed alone; of times, by the machine's mood too. */
const COUNTED: readonly string[] = ["events", "kB"];
/** The least change of a median that counts, as a share of it. */
const LEAST_CHANGE = { counted: 0.05, timed: 0.5 };
/** The fewest samples of which a median has an interval of 95%. */
const FEWEST_SAMPLES = 6;

const OURS = ["ours", "warm"] as const;

/** A median, and where it lies: of samples, or of their ratio to those of another side in the same run. */
export interface Estimate extends Omit<Interval, "confidence"> {
  readonly median: number;
}

export interface Comparison {
  readonly name: string;
  readonly side: (typeof OURS)[number];
  /** What it is a ratio to; `itself` where it is none. */
  readonly basis: "floor" | "rival" | "itself";
  readonly before: Estimate;
  readonly now: Estimate;
  readonly verdict: "worse" | "better" | "same";
}

/**
 * Rows beside those of a baseline, by name. What is timed is compared as a ratio to the floor of its own run, else to
 * the rival of it, so that a slower machine changes nothing; what is counted, as it is. A time without either, or of
 * fewer than 6 samples on any side, is not compared.
 *
 * It is `worse` where both hold: the 95% interval of its median lies wholly beyond that of the baseline, and the median
 * differs by more than half, or 5% of what is counted.
 */
export function compare(baseline: readonly ComparableRow[], rows: readonly ComparableRow[]): Comparison[] {
  const known = new Map(baseline.map((row) => [row.name, row]));
  return rows.flatMap((row) => {
    const old = known.get(row.name);
    if (old?.unit !== row.unit) return [];
    return OURS.flatMap((side) => compareSide(old, row, side) ?? []);
  });
}

function compareSide(
  old: ComparableRow,
  row: ComparableRow,
  side: Comparison["side"],
): Comparison | undefined {
  const counted = COUNTED.includes(row.unit);
  const basis = counted
    ? "itself"
    : (["floor", "rival"] as const).find((other) => row.samples[other] && old.samples[other]);
  if (!basis) return undefined;
  const fewest = counted ? 1 : FEWEST_SAMPLES;
  const [before, now] = [estimate(old, side, basis, fewest), estimate(row, side, basis, fewest)];
  if (!before || !now) return undefined;
  const least = counted ? LEAST_CHANGE.counted : LEAST_CHANGE.timed;
  const grew = now.low > before.high && now.median > before.median * (1 + least);
  const shrank = now.high < before.low && before.median > now.median * (1 + least);
  const [worse, better] = row.better === "less" ? [grew, shrank] : [shrank, grew];
  const verdict = worse ? "worse" : better ? "better" : "same";
  return { name: row.name, side, basis, before, now, verdict };
}

function estimate(
  { samples }: ComparableRow,
  side: Comparison["side"],
  basis: Comparison["basis"],
  fewest: number,
): Estimate | undefined {
  const own = samples[side] ?? [];
  if (own.length < fewest) return undefined;
  const ours = { median: percentile(own, 0.5), ...interval(own, 0.5) };
  if (basis === "itself") return ours;
  const other = samples[basis] ?? [];
  if (other.length < fewest) return undefined;
  const theirs = { median: percentile(other, 0.5), ...interval(other, 0.5) };
  // What took no time cannot be divided by.
  return ours.low > 0 && theirs.low > 0 ? quotient(ours, theirs) : undefined;
}

/** The two were measured apart: their relative errors add as squares do. */
function quotient(ours: Estimate, theirs: Estimate): Estimate {
  const median = ours.median / theirs.median;
  const apart = (one: number, other: number) => Math.abs(Math.log(one / other));
  const down = Math.hypot(apart(ours.median, ours.low), apart(theirs.median, theirs.high));
  const up = Math.hypot(apart(ours.median, ours.high), apart(theirs.median, theirs.low));
  return { median, low: median * Math.exp(-down), high: median * Math.exp(up) };
}

/** Rows of a baseline that a run of these measures should have brought and did not: what vanishes is not watched. */
export function missingRows(
  baseline: readonly ComparableRow[],
  rows: readonly ComparableRow[],
  measures: readonly { readonly name: string }[],
): string[] {
  const present = new Set(rows.map(({ name }) => name));
  const isOf = (row: string, measure: string) => row === measure || row.startsWith(`${measure}.`);
  return baseline
    .map(({ name }) => name)
    .filter((name) => !present.has(name) && measures.some((measure) => isOf(name, measure.name)));
}
