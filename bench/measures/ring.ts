import { type CallOptions, ringTime } from "../../src/bench/call.ts";
import { alternate } from "../alternate.ts";
import { createCast } from "../cast.ts";
import { duelRow } from "../duel-row.ts";
import { timeHop } from "../floor.ts";
import type { Measure } from "../measure.ts";

const kinds: readonly (CallOptions & { readonly kind: string })[] = [
  { kind: "voice", video: false },
  { kind: "video", video: true },
];

/** How long it takes until it rings; with TURN, both sides look for relayed candidates, which they do not need. */
export const ring = (servers: "direct" | "turn"): Measure => {
  const name = `ring.${servers}`;
  const group = `place → rings at the callee, ${servers === "turn" ? "a" : "no"} TURN server on offer`;
  return {
    name,
    what: group,
    async run({ n, world, say }) {
      const cast = createCast(await world({ turn: servers === "turn" }), { relay: false });
      try {
        const floor = await cast.floor();
        const duels = await alternate({ rounds: n, cast, calls: kinds, floor: () => timeHop(floor), say });
        return duels.map((duel, index) => {
          const kind = kinds[index]?.kind ?? "";
          return duelRow(`${name}.${kind}`, "ms", duel, ringTime, { what: kind, group });
        });
      } finally {
        await cast.close();
      }
    },
  };
};
