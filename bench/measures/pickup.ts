import { alternate, type Duel } from "../alternate.ts";
import { type CallOptions, sinceAccept } from "../call.ts";
import { type CastOptions, createCast } from "../cast.ts";
import { duelRow } from "../duel-row.ts";
import { timeConnect, timeHop } from "../floor.ts";
import type { Measure } from "../measure.ts";
import type { Row } from "../row.ts";

/** How long users let it ring, in ms. */
const DELAYS = [100, 300, 1_000, 3_000];

interface Scenario extends CallOptions {
  readonly accept: number;
}

const scenarios: readonly Scenario[] = DELAYS.flatMap((accept) =>
  [false, true].map((video) => ({ accept, video })),
);

/** From accept to a call that stands. Its floor: one hop, for the answer, and connecting. */
export const pickup = (path: "direct" | "relay"): Measure => ({
  name: `pickup.${path}`,
  what: `accept → both connected, ${path === "relay" ? "through a TURN server" : "direct"}; first audio and frame`,
  async run({ n, world, say }) {
    const options: CastOptions = { relay: path === "relay" };
    const cast = createCast(await world({ turn: options.relay }), options);
    try {
      const pair = await cast.floor();
      const floor = async ({ video }: CallOptions) =>
        (await timeHop(pair)) + (await timeConnect(pair, { ...options, video }));
      const duels = await alternate({ rounds: n, cast, calls: scenarios, floor, say });
      return scenarios.flatMap((scenario, index) => rows(path, scenario, duels[index]));
    } finally {
      await cast.close();
    }
  },
});

function rows(path: string, { accept, video }: Scenario, duel: Duel | undefined): Row[] {
  if (!duel) return [];
  const name = `pickup.${path}.${accept}ms.${video ? "video" : "voice"}`;
  const when = `${video ? "video" : "voice"}, ${path}, accepted after ${accept / 1_000} s`;
  const media = (mark: "first audio" | "first frame") =>
    duelRow(
      `${name}.${mark.replace(" ", "-")}`,
      "ms",
      { ...duel, floor: [] },
      (call) => sinceAccept(call, mark),
      { what: `accept → ${mark} on both sides, ${when}`, marks: false },
    );
  return [
    duelRow(name, "ms", duel, (call) => sinceAccept(call, "connected"), {
      what: `accept → connected, ${when}`,
    }),
    media("first audio"),
    ...(video ? [media("first frame")] : []),
  ];
}
