import {
  type CallOptions,
  eventCount,
  ringTime,
  sinceAccept,
  type TimedCall,
  timeCall,
} from "../../src/bench/call.ts";
import { limits } from "../../src/bench/limits.ts";
import { realClock } from "../../src/streams/clock.ts";
import { createCast } from "../cast.ts";
import { flowing } from "../flowing.ts";
import type { Measure } from "../measure.ts";
import { type Row, row } from "../row.ts";
import { inTurn } from "../turns.ts";

/** Each side finds a candidate every 100 ms; the one by which it can be reached comes after up to 1.5 s. */
const GATHERING = { candidates: 20, gap: 100, before: 15 };
const CALL: CallOptions = { video: false, accept: 300, until: [...flowing(false), "all candidates sent"] };
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
    const limited = limits(realClock);
    const place = await world({ turn: false });
    const names = ["fast", "balanced", "frugal"] as const;
    const casts = names.map((name) =>
      createCast(place, { relay: false, slowGathering: GATHERING, policy: name }),
    );
    const calls = new Map(names.map((name) => [name, { ours: [] as TimedCall[], warm: [] as TimedCall[] }]));
    try {
      // One of each goes before and does not count; then they take turns, so that what slows one down slows all.
      for (let round = 0; round <= n; round += 1) {
        say(`round ${round} of ${n}`);
        for (const [index, name] of names.entries()) {
          for (const side of inTurn(["ours", "warm"] as const, round)) {
            const phones = await casts[index]?.phones(side);
            if (!phones) continue;
            const call = await timeCall(phones, CALL, limited);
            if (round > 0) calls.get(name)?.[side].push(call);
          }
        }
      }
    } finally {
      for (const cast of casts) await cast.close();
    }
    return FIGURES.flatMap(([figure, unit, group, read]) =>
      [...calls].map(
        ([name, { ours, warm }]): Row =>
          row(
            `policy.${figure}.${name}`,
            unit,
            { ours: ours.map(read), warm: warm.map(read) },
            { what: name, group },
          ),
      ),
    );
  },
};
