/** A little of each benchmark that places no calls between two pages, so that it cannot rot. */
import { describe, expect, it } from "vitest";
import type { Measure } from "../../bench/measure.ts";
import { engine } from "../../bench/measures/engine.ts";
import { mainthread } from "../../bench/measures/mainthread.ts";
import { parts } from "../../bench/measures/parts.ts";
import { port } from "../../bench/measures/port.ts";
import { size } from "../../bench/measures/size.ts";
import type { Row, Side } from "../../bench/row.ts";

const LIMIT = 300_000;

async function measured({ name, run }: Measure): Promise<(row: string) => Row> {
  const world = () => Promise.reject(new Error("this measure places no calls"));
  const rows = await run({ n: 1, homeserver: "embedded", world, say: () => {} });
  expect(new Set(rows.map((row) => row.name)).size).toBe(rows.length);
  for (const row of rows) expect(row.name.startsWith(`${name}.`), row.name).toBe(true);
  return (wanted) => {
    const row = rows.find((each) => each.name === wanted);
    if (!row) throw new Error(`there is no row ${wanted} in ${rows.map((each) => each.name).join(", ")}`);
    return row;
  };
}

const value = (row: Row, side: Side) => row[side] ?? Number.NaN;

describe("a little of the benchmarks", { timeout: LIMIT }, () => {
  it("mainthread: the rival's start-up is work for the main thread, ours for its worker", async () => {
    const row = await measured(mainthread);
    const busy = row("mainthread.busy.100");
    expect(value(busy, "rival")).toBeGreaterThan(value(busy, "floor"));
    expect(value(busy, "ours")).toBeLessThan(value(busy, "rival"));
    const ring = row("mainthread.ring.app.loaded");
    for (const side of ["ours", "rival", "floor"] as const) expect(value(ring, side)).toBeGreaterThan(0);
  });

  it("engine: routes all it is given, with one call and with ten thousand", async () => {
    const row = await measured(engine);
    for (const calls of [1, 100, 10_000]) {
      expect(value(row(`engine.throughput.${calls}`), "ours")).toBeGreaterThan(1_000);
      const [p50, p99] = ["p50", "p99"].map((share) => value(row(`engine.event.${share}.${calls}`), "ours"));
      expect(p99).toBeGreaterThanOrEqual(p50 ?? Number.NaN);
    }
  });

  it("port: a command comes back and a signal arrives, in Chromium and on Node", async () => {
    const row = await measured(port);
    for (const runtime of ["chromium", "node"]) {
      for (const kind of ["roundTrip", "signal"]) {
        const { ours, floor } = row(`port.${runtime}.${kind}.unloaded`);
        for (const time of [ours, floor]) expect(time).toBeGreaterThan(0);
      }
    }
  });

  it("parts: measure() times calls with real media in a page, engines in workers and not", async () => {
    const row = await measured(parts);
    for (const name of ["ring", "pickUp", "events", "roundTrip"]) {
      for (const side of ["ours", "warm", "floor"] as const) {
        expect(value(row(`parts.${name}`), side), `${name} ${side}`).toBeGreaterThan(0);
      }
    }
    expect(value(row("parts.events"), "warm")).toBeLessThanOrEqual(value(row("parts.events"), "ours"));
  });

  it("size: all of ours is smaller than the rival", async () => {
    const total = (await measured(size))("size.total");
    expect(value(total, "ours")).toBeLessThan(value(total, "rival"));
  });
});
