import { percentile } from "../src/bench/statistics.ts";
import type { Waterfall } from "./waterfall.ts";

/**
 * Who was measured: Trunkline as it is by default, and kept `warm`; matrix-js-sdk; or the least that anybody could need on
 * this machine.
 */
export type Side = "ours" | "warm" | "rival" | "floor";

export const SIDES: readonly Side[] = ["ours", "warm", "rival", "floor"];

export type Samples = { readonly [S in Side]?: readonly number[] };

/** One result. A side that was not, or cannot be, measured is absent. */
export interface Row {
  /** Such as `pickup.relay.300ms.video`: the measure's name first, then the scenario. */
  readonly name: string;
  /** What it is, in one line for people; in a group, in what it differs from the others. */
  readonly what: string;
  /** What rows are that are read together, on one scale. */
  readonly group?: string;
  /** `ms`, or what is counted: `events`, `kB`, `events/s`. */
  readonly unit: string;
  readonly better: "less" | "more";
  /** The medians. */
  readonly ours?: number;
  readonly warm?: number;
  readonly rival?: number;
  readonly floor?: number;
  readonly p95: { readonly [S in Side]?: number };
  /** How many samples the side with the fewest has. */
  readonly n: number;
  readonly samples: Samples;
  /** What happened when in the median call of each side. */
  readonly waterfall?: Waterfall;
}

export interface RowOptions {
  readonly what: string;
  readonly group?: string;
  /** Default: `less`. */
  readonly better?: Row["better"];
  readonly waterfall?: Waterfall;
}

/** A row from what was measured. Throws where a side has no samples, or one that is not a number. */
export function row(
  name: string,
  unit: string,
  samples: Samples,
  { better = "less", ...options }: RowOptions,
): Row {
  const sides = SIDES.filter((side) => samples[side] !== undefined);
  for (const side of sides) {
    const bad = samples[side]?.find((sample) => !Number.isFinite(sample));
    if (samples[side]?.length && bad === undefined) continue;
    throw new Error(`${name} has ${bad === undefined ? "no samples" : `a sample of ${bad}`} for ${side}`);
  }
  const at = (share: number) =>
    Object.fromEntries(sides.map((side) => [side, percentile(samples[side] ?? [], share)]));
  const n = Math.min(...sides.map((side) => samples[side]?.length ?? 0));
  return { name, unit, better, ...at(0.5), p95: at(0.95), n, samples, ...options };
}

/** A median of ours as a share of the other side's: 0.5 is half of it. Undefined where one is missing or zero. */
export function ratio(row: Row, of: "ours" | "warm", to: "rival" | "floor"): number | undefined {
  const [own, other] = [row[of], row[to]];
  return own === undefined || !other ? undefined : own / other;
}
