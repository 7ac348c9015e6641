import { percentile } from "../../src/bench/statistics.ts";
import { type Row, row } from "../row.ts";
import type { Ring } from "./ring-page.ts";
import type { Rings } from "./rings.ts";
import { THREAD_SIDES, type ThreadSide } from "./turns.ts";

type Load = keyof Rings[ThreadSide];

const LOADS: readonly Load[] = ["unloaded", "loaded"];
const MAIN_THREAD = { unloaded: "a free main thread", loaded: "a main thread that is 90% busy" };

const SLOWDOWN = "how many times as long a call takes to ring on a main thread that is 90% busy";

/** When a side has no more to wait for but the main thread; matrix-js-sdk has no such moment. */
const off = ({ ringing, inWorker }: Ring) => ringing ?? inWorker;

/** What the rings of all sides come to. */
export function ringRows(rings: Rings): Row[] {
  const sample = (load: Load, pick: (ring: Ring) => number | undefined) =>
    Object.fromEntries(
      THREAD_SIDES.flatMap((side) => {
        const found = rings[side][load].flatMap((ring) => pick(ring) ?? []);
        return found.length > 0 ? [[side, found]] : [];
      }),
    );
  const since = (from: number | undefined, to: number | undefined) =>
    from === undefined || to === undefined ? undefined : to - from;
  const add = (name: string, what: string, pick: (ring: Ring) => number | undefined): Row[] =>
    LOADS.map((load) =>
      row(`mainthread.ring.${name}.${load}`, "ms", sample(load, pick), {
        what: `with ${MAIN_THREAD[load]}`,
        group: what,
      }),
    );
  const slowdown = (pick: (ring: Ring) => number | undefined): Partial<Record<ThreadSide, number[]>> => {
    const [free, busy] = [sample("unloaded", pick), sample("loaded", pick)];
    return Object.fromEntries(
      Object.keys(free).map((side) => [
        side,
        [percentile(busy[side] ?? [], 0.5) / percentile(free[side] ?? [], 0.5)],
      ]),
    );
  };

  return [
    ...add(
      "app",
      "from a friend's invite to when the app hears of the call",
      (ring) => ring.byApp - ring.sent,
    ),
    ...add("engine", "from a friend's invite to when the worker knows that it rings", (ring) =>
      since(ring.sent, off(ring)),
    ),
    ...add("port", "from when the worker knows to when the page has its message", (ring) =>
      since(off(ring), ring.onPage ?? (off(ring) && ring.byApp)),
    ),
    ...add("phone", "from when the page has the message to when the app hears of the call", (ring) =>
      since(ring.onPage, ring.byApp),
    ),
    row(
      "mainthread.ring.slowdown.app",
      "times",
      slowdown((ring) => ring.byApp - ring.sent),
      {
        what: "until the app hears of it",
        group: SLOWDOWN,
      },
    ),
    row(
      "mainthread.ring.slowdown.engine",
      "times",
      slowdown((ring) => since(ring.sent, off(ring))),
      {
        what: "until the worker knows that it rings",
        group: SLOWDOWN,
      },
    ),
  ];
}
