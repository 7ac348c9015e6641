import type { Side } from "../row.ts";
import { inTurn } from "../turns.ts";

/** No connection is made there: it makes no difference whether one is kept warm. */
export type ThreadSide = Exclude<Side, "warm">;

export const THREAD_SIDES: readonly ThreadSide[] = ["ours", "rival", "floor"];

export const sidesIn = (turn: number): readonly ThreadSide[] => inTurn(THREAD_SIDES, turn);
