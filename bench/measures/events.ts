import { alternate } from "../alternate.ts";
import { type CastOptions, createCast } from "../cast.ts";
import { duelRow } from "../duel-row.ts";
import type { Measure } from "../measure.ts";

/** Counts hardly vary, and these calls last until every candidate is sent. */
const MOST_ROUNDS = 5;

const CASES: Readonly<Record<"direct" | "relay" | "slow", CastOptions & { readonly what: string }>> = {
  direct: { relay: false, what: "direct" },
  relay: { relay: true, what: "through a TURN server" },
  slow: {
    relay: false,
    slowGathering: { candidates: 30, gap: 150 },
    what: "30 candidates a side, 150 ms apart",
  },
};

/** How many events a call puts into its room, from invite to hangup, once all candidates have been sent. */
export const events = (name: keyof typeof CASES): Measure => {
  const { what, ...options } = CASES[name];
  return {
    name: `events.${name}`,
    what: `Matrix events a call, ${what}`,
    async run({ n, world, say }) {
      const cast = createCast(await world({ turn: options.relay }), options);
      try {
        const calls = [{ video: true, accept: 300, and: ["all candidates sent"] as const }];
        const duels = await alternate({ rounds: Math.min(n, MOST_ROUNDS), cast, calls, say });
        return duels.map((duel) =>
          duelRow(`events.${name}`, "events", duel, (call) => call.events, { what: `a video call, ${what}` }),
        );
      } finally {
        await cast.close();
      }
    },
  };
};
