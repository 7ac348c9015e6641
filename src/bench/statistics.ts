/** The value below which `share` (0 to 1) of the samples lie, by nearest rank. NaN where there are none. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/** Where a percentile of whatever made the samples lies, with a probability of `confidence`. */
export interface Interval {
  readonly low: number;
  readonly high: number;
  /** At least 0.95, unless there are too few samples for that: then the interval is all of them, and this is less. */
  readonly confidence: number;
}

/** Samples in the order in which they were taken, and what they come to. */
export interface Summary {
  readonly samples: readonly number[];
  readonly p50: number;
  readonly p95: number;
  readonly p50Interval: Interval;
  readonly p95Interval: Interval;
}

export const summarize = (samples: readonly number[]): Summary => ({
  samples,
  p50: percentile(samples, 0.5),
  p95: percentile(samples, 0.95),
  p50Interval: interval(samples, 0.5),
  p95Interval: interval(samples, 0.95),
});

const OUTSIDE = 0.025;

/**
 * The order statistic interval of a percentile: between two of the samples, by their ranks alone, so that nothing is
 * assumed of how they are distributed, and the same samples always give the same. A median of 10 samples lies between
 * the second and the ninth with 98%; of fewer than 6 there is no interval of 95%.
 */
export function interval(samples: readonly number[], share: number): Interval {
  const sorted = [...samples].sort((a, b) => a - b);
  const { length: n } = sorted;
  const below = cumulativeBinomial(n, share);
  const ranks = Array.from({ length: n }, (_, index) => index + 1);
  // How many samples lie below the percentile is binomial.
  const low = ranks.findLast((rank) => (below[rank - 1] ?? 1) <= OUTSIDE) ?? 1;
  const high = ranks.find((rank) => (below[rank - 1] ?? 0) >= 1 - OUTSIDE) ?? n;
  return {
    low: sorted[low - 1] ?? Number.NaN,
    high: sorted[high - 1] ?? Number.NaN,
    confidence: n === 0 ? 0 : (below[high - 1] ?? 0) - (below[low - 1] ?? 0),
  };
}

/** For each k from 0 to n: how likely at most k of n lie below, where each does with the probability `share`. */
function cumulativeBinomial(n: number, share: number): readonly number[] {
  let log = n * Math.log(1 - share);
  let sum = 0;
  return Array.from({ length: n + 1 }, (_, k) => {
    sum += Math.exp(log);
    log += Math.log((n - k) / (k + 1)) + Math.log(share / (1 - share));
    return sum;
  });
}
