import { describe, expect, it } from "vitest";
import { interval, percentile, summarize } from "../../src/bench/statistics.ts";

const upTo = (n: number) => Array.from({ length: n }, (_, index) => index + 1);

describe("percentiles", () => {
  it.each([
    [0.5, 3],
    [0.95, 5],
    [0, 1],
    [1, 5],
  ])("of share %d, by nearest rank", (share, value) => {
    expect(percentile([5, 1, 4, 2, 3], share)).toBe(value);
  });

  it("are no number where there are no samples", () => expect(percentile([], 0.5)).toBeNaN());
});

describe("the interval of a percentile", () => {
  // Ranks and confidence as tables of the binomial distribution have them.
  it.each([
    [6, 0.5, 1, 6, 0.969],
    [10, 0.5, 2, 9, 0.979],
    [20, 0.5, 6, 15, 0.959],
    [100, 0.5, 40, 61, 0.965],
    [100, 0.95, 90, 100, 0.983],
  ])("of %d samples, share %d: from rank %d to %d", (n, share, low, high, confidence) => {
    const found = interval(upTo(n).reverse(), share);
    expect([found.low, found.high]).toEqual([low, high]);
    expect(found.confidence).toBeGreaterThanOrEqual(0.95);
    expect(found.confidence).toBeCloseTo(confidence, 2);
  });

  it("is all there is, and says how little that is, where there are too few samples", () => {
    expect(interval([3, 1, 2], 0.5)).toEqual({ low: 1, high: 3, confidence: 0.75 });
    expect(interval([7], 0.5)).toMatchObject({ low: 7, high: 7, confidence: 0 });
    expect(interval([], 0.5)).toEqual({ low: Number.NaN, high: Number.NaN, confidence: 0 });
  });

  it("holds the median of what made the samples as often as it says", () => {
    let state = 1;
    const random = () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state / 2 ** 32;
    };
    const trials = Array.from({ length: 2_000 }, () => interval(Array.from({ length: 15 }, random), 0.5));
    const held = trials.filter(({ low, high }) => low <= 0.5 && 0.5 <= high).length / trials.length;
    expect(held).toBeGreaterThan((trials[0]?.confidence ?? 1) - 0.02);
    expect(held).toBeLessThan((trials[0]?.confidence ?? 0) + 0.02);
  });
});

it("a summary keeps the samples in their order", () => {
  expect(summarize([3, 1, 2])).toMatchObject({ samples: [3, 1, 2], p50: 2, p95: 3 });
});
