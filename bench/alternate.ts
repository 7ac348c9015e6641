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

/**
 * Every kind of call, by ours and the rival in turn, who begins changing from round to round, so that whatever slows the
 * machine down slows both. One call of each, and one floor, go before and do not count. Resolves with a duel a kind.
 */
export async function alternate({ rounds, cast, calls, floor, say }: DuelOptions): Promise<Duel[]> {
  const duels = calls.map(() => ({
    ours: [] as TimedCall[],
    rival: [] as TimedCall[],
    floor: [] as number[],
  }));
  const [first] = calls;
  if (first) {
    say("warming up");
    for (const side of ["ours", "rival"] as const) await timeCall(await cast.phones(side), first);
    await floor?.(first);
  }
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, call] of calls.entries()) {
      say(`round ${round + 1} of ${rounds}, call ${index + 1} of ${calls.length}`);
      const sides = ["ours", "rival"] as const;
      for (const side of round % 2 === 0 ? sides : sides.toReversed()) {
        duels[index]?.[side].push(await timeCall(await cast.phones(side), call));
      }
      if (floor) duels[index]?.floor.push(await floor(call));
    }
  }
  return duels;
}
