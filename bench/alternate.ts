import { type CallOptions, type TimedCall, timeCall } from "../src/bench/call.ts";
import { limits } from "../src/bench/limits.ts";
import { realClock } from "../src/streams/clock.ts";
import { type Cast, PHONE_SIDES, type PhoneSide } from "./cast.ts";
import { inTurn } from "./turns.ts";

export type Duel = { readonly [S in PhoneSide]: readonly TimedCall[] } & {
  /** Measured between the calls. */
  readonly floor: readonly number[];
};

export interface DuelOptions {
  readonly rounds: number;
  readonly cast: Cast;
  readonly calls: readonly CallOptions[];
  readonly floor?: (call: CallOptions) => Promise<number>;
  readonly say: (progress: string) => void;
}

/**
 * Every kind of call, by each side in turn, who begins changing from round to round, so that whatever slows the machine
 * down slows all. One call of each, and one floor, go before and do not count. Resolves with a duel a kind. Where all
 * sides share their accounts they take turns a round, not a call, for each has to go online first.
 */
export async function alternate({ rounds, cast, calls, floor, say }: DuelOptions): Promise<Duel[]> {
  const duels = calls.map(() => ({
    ours: [] as TimedCall[],
    warm: [] as TimedCall[],
    rival: [] as TimedCall[],
    floor: [] as number[],
  }));
  const [first] = calls;
  if (!first) return duels;
  const limited = limits(realClock);
  const warmUp = async (side: PhoneSide) => {
    await timeCall(await cast.phones(side), first, limited);
  };
  const take = async (side: PhoneSide, index: number) => {
    const call = calls[index];
    if (call) duels[index]?.[side].push(await timeCall(await cast.phones(side), call, limited));
  };
  say("warming up");
  if (!cast.shared) for (const side of PHONE_SIDES) await warmUp(side);
  await floor?.(first);
  for (let round = 0; round < rounds; round += 1) {
    const sides = inTurn(PHONE_SIDES, round);
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
