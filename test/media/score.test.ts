import { describe, expect, it } from "vitest";
import { scoreOf } from "../../src/media/score.ts";

const good = { roundTrip: 0, buffered: 0, loss: 0 };

describe("scoreOf, by the E-model", () => {
  // By hand: delay = roundTrip / 2 + buffered + 26.5; R = 93.2 - Id - Ie,eff; MOS by Annex B of G.107.
  it.each([
    ["nothing wrong: R = 92.564", good, 4.397],
    ["150 ms one way, below the bend: R = 88.964", { ...good, roundTrip: 300 }, 4.313],
    ["the same wait in the buffer", { ...good, buffered: 150 }, 4.313],
    ["400 ms one way, beyond it: R = 55.556", { ...good, roundTrip: 800 }, 2.868],
    ["1 % lost: R = 88.924", { ...good, loss: 0.01 }, 4.312],
    ["10 % lost: R = 65.498", { ...good, loss: 0.1 }, 3.379],
  ])("%s", (_, heard, score) => {
    expect(scoreOf(heard)).toBeCloseTo(score, 2);
  });

  it("is never better for more delay or loss, and stays from 1 to 5", () => {
    for (const change of ["roundTrip", "buffered", "loss"] as const) {
      let last = 5;
      for (let step = 0; step <= 100; step++) {
        const score = scoreOf({ ...good, [change]: change === "loss" ? step / 100 : step * 50 });
        expect(score).toBeLessThanOrEqual(last);
        expect(score).toBeGreaterThanOrEqual(1);
        last = score;
      }
    }
  });
});
