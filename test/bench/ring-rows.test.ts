import { expect, it } from "vitest";
import type { Ring } from "../../bench/mainthread/ring-page.ts";
import { ringRows } from "../../bench/mainthread/ring-rows.ts";

const ours = (
  sent: number,
  ...[inWorker, ringing, onPage, byApp]: readonly [number, number, number, number]
) => ({ sent, inWorker, ringing, onPage, byApp }) satisfies Ring;

const rows = new Map(
  ringRows({
    ours: { unloaded: [ours(1_000, 1_009, 1_010, 1_011, 1_013)], loaded: [ours(0, 11, 12, 52, 60)] },
    rival: { unloaded: [{ sent: 0, byApp: 50 }], loaded: [{ sent: 0, byApp: 250 }] },
    floor: {
      unloaded: [{ sent: 0, inWorker: 8, byApp: 9 }],
      loaded: [{ sent: 0, inWorker: 8, byApp: 40 }],
    },
  }).map(({ name, ours, rival, floor }) => [name, [ours, rival, floor]]),
);

it("tells each leg of a ring's way", () => {
  expect(rows.get("mainthread.ring.app.unloaded")).toEqual([13, 50, 9]);
  expect(rows.get("mainthread.ring.engine.loaded")).toEqual([12, undefined, 8]);
  expect(rows.get("mainthread.ring.port.loaded")).toEqual([40, undefined, 32]);
  expect(rows.get("mainthread.ring.phone.loaded")).toEqual([8, undefined, undefined]);
});

it("the legs of ours make up the whole", () => {
  const legs = ["engine", "port", "phone"].map((leg) => rows.get(`mainthread.ring.${leg}.loaded`)?.[0] ?? 0);
  expect(legs.reduce((sum, leg) => sum + leg)).toBe(rows.get("mainthread.ring.app.loaded")?.[0]);
});

it("tells how many times as long it takes under load", () => {
  expect(rows.get("mainthread.ring.slowdown.engine")).toEqual([1.2, undefined, 1]);
  expect(rows.get("mainthread.ring.slowdown.app")).toEqual([60 / 13, 5, 40 / 9]);
});
