import { type CallOptions, sinceAccept } from "../../src/bench/call.ts";
import { alternate, type Duel } from "../alternate.ts";
import { type CastOptions, createCast } from "../cast.ts";
import { duelRow } from "../duel-row.ts";
import { timeConnect, timeHop } from "../floor.ts";
import { flowing } from "../flowing.ts";
import type { Measure } from "../measure.ts";
import type { Row } from "../row.ts";

/** How long users let it ring, in ms. */
const DELAYS = [100, 300, 1_000, 3_000];

type Path = "direct" | "relay";

const calls: readonly CallOptions[] = [false, true].map((video) => ({ video, until: flowing(video) }));

/**
 * From accept to a call that stands, a measure for each time that it rings. Its floor: the callee connects at once, the
 * caller when the answer's hop is over.
 */
export const pickup = (path: Path): Measure[] => DELAYS.map((accept) => pickupAfter(path, accept));

const pickupAfter = (path: Path, accept: number): Measure => ({
  name: `pickup.${path}.${accept}ms`,
  what: `accept after ${accept / 1_000} s → both connected, ${path === "relay" ? "through a TURN server" : "direct"}; first audio and frame`,
  async run({ n, world, say }) {
    const options: CastOptions = { relay: path === "relay" };
    const cast = createCast(await world({ turn: options.relay }), options);
    try {
      const pair = await cast.floor();
      const floor = async ({ video }: CallOptions) =>
        timeConnect(pair, { ...options, video, hop: await timeHop(pair) });
      const scenarios = calls.map((call) => ({ ...call, accept }));
      const duels = await alternate({ rounds: n, cast, calls: scenarios, floor, say });
      const all = scenarios.flatMap(({ video }, index) => rows(path, { accept, video }, duels[index]));
      return all.sort((one, other) => order(one) - order(other));
    } finally {
      await cast.close();
    }
  },
});

/** Connected first, then audio, then video. */
const order = ({ name }: Row): number =>
  ["first-audio", "first-frame"].findIndex((end) => name.endsWith(end));

function rows(
  path: Path,
  { accept, video }: { readonly accept: number; readonly video: boolean },
  duel: Duel | undefined,
): Row[] {
  if (!duel) return [];
  const name = `pickup.${path}.${accept}ms.${video ? "video" : "voice"}`;
  const what = `${video ? "video" : "voice"}, accepted after ${accept / 1_000} s`;
  const until = (mark: "connected" | "first audio" | "first frame", floor: Duel["floor"] = []) =>
    duelRow(
      mark === "connected" ? name : `${name}.${mark.replace(" ", "-")}`,
      "ms",
      { ...duel, floor },
      (call) => sinceAccept(call, mark),
      { what, group: `accept → ${mark} at both ends, ${path}`, marks: mark === "connected" },
    );
  return [until("connected", duel.floor), until("first audio"), ...(video ? [until("first frame")] : [])];
}
