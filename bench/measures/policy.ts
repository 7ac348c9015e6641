import { eventCount, ringTime, sinceAccept, type TimedCall, timeCall } from "../call.ts";
import { createCast } from "../cast.ts";
import type { Measure } from "../measure.ts";
import { type Row, row } from "../row.ts";

/** Each side finds a candidate every 100 ms; the one by which it can be reached comes after up to 1.5 s. */
const GATHERING = { candidates: 20, gap: 100, before: 15 };
const WHAT = "candidates are found up to 1.5 s late; by policy";

const FIGURES: readonly (readonly [
  name: string,
  unit: string,
  group: string,
  (call: TimedCall) => number,
])[] = [
  ["ring", "ms", `place → rings at the callee; ${WHAT}`, ringTime],
  ["pickup", "ms", `accept → both connected; ${WHAT}`, (call) => sinceAccept(call, "connected")],
  ["events", "events", `Matrix events a call; ${WHAT}`, eventCount],
];

/** What each preset costs and gains where candidates come late: the shorter the wait, the more events. */
export const policy: Measure = {
  name: "policy",
  what: "ring, pick-up and events by the policy of the engine, where candidates come late",
  async run({ n, world, say }) {
    const place = await world({ turn: false });
    const names = ["fast", "balanced", "frugal"] as const;
    const casts = names.map((name) =>
      createCast(place, { relay: false, slowGathering: GATHERING, policy: name }),
    );
    const calls = new Map(names.map((name) => [name, [] as TimedCall[]]));
    try {
      // One of each goes before and does not count; then they take turns, so that what slows one down slows all.
      for (let round = 0; round <= n; round += 1) {
        say(`round ${round} of ${n}`);
        for (const [index, name] of names.entries()) {
          const phones = await casts[index]?.phones("ours");
          if (!phones) continue;
          const call = await timeCall(phones, { video: false, accept: 300, and: ["all candidates sent"] });
          if (round > 0) calls.get(name)?.push(call);
        }
      }
    } finally {
      for (const cast of casts) await cast.close();
    }
    return FIGURES.flatMap(([figure, unit, group, read]) =>
      [...calls].map(
        ([name, timed]): Row =>
          row(`policy.${figure}.${name}`, unit, { ours: timed.map(read) }, { what: name, group }),
      ),
    );
  },
};
