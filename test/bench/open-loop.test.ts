import { expect, it } from "vitest";
import { openLoop } from "../../bench/engine/open-loop.ts";

/** Work that takes the given ms, offered once a millisecond, on a clock that only work and turns move. */
async function latencies(costs: readonly number[]): Promise<number[]> {
  let now = 1_000;
  const found = await openLoop({
    rate: 1_000,
    count: costs.length,
    work: (index) => {
      now += costs[index] ?? 0;
    },
    now: () => now,
    turn: async () => {
      now += 0.5;
    },
  });
  return found.map((latency) => Math.round(latency * 10) / 10);
}

it("takes as long as the work where nothing waits", async () => {
  expect(await latencies([0, 0.2, 0.2, 0.2])).toEqual([0, 0.2, 0.4, 0.6]);
});

it("counts the wait of what stands in line behind a stall", async () => {
  expect(await latencies([5, 0.1, 0.1, 0.1])).toEqual([5, 4.1, 3.2, 2.3]);
});

it("offers as much as was asked, however late", async () => {
  expect(await latencies(Array(7).fill(2))).toEqual([2, 3, 4, 5, 6, 7, 8]);
});
