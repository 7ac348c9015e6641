import { expect, it } from "vitest";
import { type Ping, waitsOf } from "../../bench/mainthread/waits.ts";

/** Pings once a millisecond for 300 ms to a thread that is blocked for the given spans. */
function pings(...blocks: readonly (readonly [from: number, to: number])[]): Ping[] {
  return Array.from({ length: 300 }, (_, sent) => {
    const block = blocks.find(([from, to]) => sent >= from && sent < to);
    return { sent, received: block ? block[1] : sent + 0.1 };
  });
}

it("finds nothing where nothing waits, and where there were no pings", () => {
  expect(waitsOf(pings())).toEqual({ blocked: 0, longest: 0 });
  expect(waitsOf([])).toEqual({ blocked: 0, longest: 0 });
});

it("counts the pings that wait for one task as one wait", () => {
  expect(waitsOf(pings([100, 180]))).toEqual({ blocked: 80, longest: 80 });
});

it("adds up tasks that are apart, and tells the longest", () => {
  expect(waitsOf(pings([10, 40], [100, 150], [280, 300]))).toEqual({ blocked: 100, longest: 50 });
});

it("counts a task right after another for itself", () => {
  expect(waitsOf(pings([100, 150], [150, 190]))).toEqual({ blocked: 90, longest: 50 });
});

it("passes over waits of less than a frame", () => {
  expect(waitsOf(pings([50, 65], [100, 117]))).toEqual({ blocked: 17, longest: 17 });
});
