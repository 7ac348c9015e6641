import type { CallOptions, TimedCall } from "./call.ts";
import { timeCall } from "./call.ts";
import type { Cast } from "./cast.ts";

export interface Duel {
  readonly ours: readonly TimedCall[];
  readonly rival: readonly TimedCall[];
  /** Measured between the calls. */
  readonly floor: readonly number[];
}

export interface DuelOptions {
  readonly rounds: number;
  readonly cast: Cast;
  readonly calls: readonly CallOptions[];
  readonly floor?: (call: CallOptions) => Promise<number>;
  readonly say: (progress: string) => void;
}

const SIDES = ["ours", "rival"] as const;

/**
 * Every kind of call, by ours and the rival in turn, who begins changing from round to round, so that whatever slows the
 * machine down slows both. One call of each, and one floor, go before and do not count. Resolves with a duel a kind.
 * Where both sides share their accounts they take turns a round, not a call, for each has to go online first.
 */
export async function alternate({ rounds, cast, calls, floor, say }: DuelOptions): Promise<Duel[]> {
  const duels = calls.map(() => ({
    ours: [] as TimedCall[],
    rival: [] as TimedCall[],
    floor: [] as number[],
  }));
  const [first] = calls;
  if (!first) return duels;
  const warmUp = async (side: "ours" | "rival") => {
    await timeCall(await cast.phones(side), first);
  };
  const take = async (side: "ours" | "rival", index: number) => {
    const call = calls[index];
    if (call) duels[index]?.[side].push(await timeCall(await cast.phones(side), call));
  };
  say("warming up");
  if (!cast.shared) for (const side of SIDES) await warmUp(side);
  await floor?.(first);
  for (let round = 0; round < rounds; round += 1) {
    const sides = round % 2 === 0 ? SIDES : SIDES.toReversed();
    if (cast.shared) {
      for (const side of sides) {
        say(`round ${round + 1} of ${rounds}, ${side}`);
        await warmUp(side);
        for (const index of calls.keys()) await take(side, index);
      }
    }
    for (const [index, call] of calls.entries()) {
      say(`round ${round + 1} of ${rounds}, call ${index + 1} of ${calls.length}`);
      if (!cast.shared) for (const side of sides) await take(side, index);
      if (floor) duels[index]?.floor.push(await floor(call));
    }
  }
  return duels;
}
