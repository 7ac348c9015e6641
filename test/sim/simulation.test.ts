import { describe, expect, it } from "vitest";
import { simulate } from "./simulate.ts";

/** Enough for the quick suite; `npm run sim` plays more. */
const RUNS = 40;

describe("whole phones and engines, with users, failing connections and crashes at random", () => {
  it("P7 P34 P41 P46 P47 P48 end, ring and send as they should, for every seed", async () => {
    let calls = 0;
    for (let seed = 1; seed <= RUNS; seed++) {
      const report = await simulate({ seed });
      calls += report.calls;
      expect(report.violations, `seed ${seed}:\n${report.script.join("\n")}`).toEqual([]);
    }
    console.log(`simulated ${calls} calls`);
    expect(calls).toBeGreaterThan(RUNS);
  }, 120_000);
});
