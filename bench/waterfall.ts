import type { TimedCall } from "../src/bench/call.ts";

/** A moment of a call, in ms since the call was placed. */
export interface Mark {
  /** Such as `ringing`; the same words for everybody's calls. */
  readonly name: string;
  readonly by: "caller" | "callee";
  readonly at: number;
}

/** One call of each side, told by its marks, in order. */
export interface Waterfall {
  readonly ours?: readonly Mark[];
  readonly warm?: readonly Mark[];
  readonly rival?: readonly Mark[];
}

/** Both sides' moments on one axis, from the placing of the call on. */
export function marksOf(call: TimedCall): Mark[] {
  const start = call.caller.find(({ name }) => name === "place")?.at ?? Number.NaN;
  const of = (by: Mark["by"]) => call[by].map(({ name, at }) => ({ name, by, at: at - start }));
  return [...of("caller"), ...of("callee")].sort((a, b) => a.at - b.at);
}
