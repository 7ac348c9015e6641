import { type CallOptions, eventCount } from "../../src/bench/call.ts";
import { alternate, type Duel } from "../alternate.ts";
import { type CastOptions, createCast } from "../cast.ts";
import { duelRow } from "../duel-row.ts";
import { flowing } from "../flowing.ts";
import type { Measure } from "../measure.ts";
import type { Row } from "../row.ts";

/** Counts hardly vary, and these calls last until every candidate is sent. */
const MOST_ROUNDS = 3;

const GROUP = "Matrix events a video call";

const CASES = {
  direct: { relay: false, what: "direct" },
  relay: { relay: true, what: "through a TURN server" },
  slow: {
    relay: false,
    slowGathering: { candidates: 30, gap: 150 },
    what: "each side finding 30 candidates, 150 ms apart",
  },
} as const;

/** How long it rings, in ms: a call that is accepted at once leaves no time to find candidates meanwhile. */
const ACCEPTED = { at: 300, atOnce: 0 };

const callOf = (accept: number): CallOptions => ({
  video: true,
  accept,
  until: [...flowing(true), "all candidates sent"],
});

/** How many events a call puts into its room, from invite to hangup, once all candidates have been sent. */
export const events = (path: keyof typeof CASES): Measure => {
  const { what, ...options } = CASES[path];
  const name = `events.${path}`;
  return {
    name,
    what: `Matrix events a call, ${what}`,
    async run({ n, world, say }) {
      const cast = createCast(await world({ turn: options.relay }), options satisfies CastOptions);
      try {
        const calls = [callOf(ACCEPTED.at), ...(path === "direct" ? [callOf(ACCEPTED.atOnce)] : [])];
        const duels = await alternate({ rounds: Math.min(n, MOST_ROUNDS), cast, calls, say });
        return duels.flatMap((duel, index) => [
          index === 0
            ? duelRow(name, "events", duel, eventCount, { what, group: GROUP })
            : duelRow(`${name}.0ms`, "events", duel, eventCount, {
                what: `${what}, accepted at once`,
                group: GROUP,
              }),
          ...(path === "slow" ? [candidateEvents(duel, "caller"), candidateEvents(duel, "callee")] : []),
        ]);
      } finally {
        await cast.close();
      }
    },
  };
};

function candidateEvents(duel: Duel, side: "caller" | "callee"): Row {
  const what = `${CASES.slow.what}: the ${side}'s with candidates`;
  const read = ({ events: sent }: Duel["ours"][number]) => sent[side].candidates ?? 0;
  return duelRow(`events.slow.${side}`, "events", duel, read, { what, group: GROUP, marks: false });
}
