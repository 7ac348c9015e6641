import type { CallEnd } from "./call-end.ts";
import type { Limits } from "./limits.ts";
import type { EventCounts, MarkName, Moment } from "./timeline.ts";

/** Between two calls, in ms: nobody is to pay for the tidying up of another. */
export const PAUSE_MS = 250;

/** An end on this thread, or one that is asked from afar. */
export type Asked<T> = {
  readonly [F in keyof T]: T[F] extends (...args: infer A) => infer R
    ? (...args: A) => R | Promise<Awaited<R>>
    : never;
};

/** Who calls whom, and where. */
export interface Pair<T> {
  readonly caller: T;
  readonly callee: T;
  readonly roomId: string;
  readonly calleeId: string;
}

export interface CallOptions {
  readonly video: boolean;
  /** How long the callee lets it ring, in ms. Absent: the caller hangs up as soon as it rings. */
  readonly accept?: number;
  /** What both sides must reach, once accepted, before the caller hangs up. Default: `connected`. */
  readonly until?: readonly MarkName[];
  /** How much longer the call then lasts, in ms. Default 0. */
  readonly lasts?: number;
}

/** What happened in a call at either end, and how many events it took. */
export interface TimedCall {
  readonly caller: readonly Moment[];
  readonly callee: readonly Moment[];
  readonly events: { readonly caller: EventCounts; readonly callee: EventCounts };
}

/**
 * Places a call, lets it go as far as it is to go, ends it, and pauses. Rejects where it does not get there, with where it
 * was.
 */
export async function timeCall(
  pair: Pair<Asked<CallEnd>>,
  options: CallOptions,
  { within, wait }: Limits,
): Promise<TimedCall> {
  const reached = async (side: "caller" | "callee") =>
    (await pair[side].moments()).map(({ name }) => name).join(", ") || "nothing";
  const call = await within(
    "a call",
    wholeCall(pair, options, wait),
    async () => `the caller reached ${await reached("caller")}; the callee ${await reached("callee")}`,
  );
  await wait(PAUSE_MS);
  return call;
}

async function wholeCall(
  { caller, callee, roomId, calleeId }: Pair<Asked<CallEnd>>,
  { video, accept, until = ["connected"], lasts = 0 }: CallOptions,
  wait: Limits["wait"],
): Promise<TimedCall> {
  await caller.expect();
  await callee.expect(accept === undefined ? undefined : { after: accept, video });
  await caller.place({ roomId, invitee: calleeId, video });
  if (accept === undefined) {
    await Promise.all([callee.reaches("ringing"), caller.reaches("invite acknowledged")]);
  } else {
    await Promise.all([caller.reaches(...until), callee.reaches(...until)]);
  }
  if (lasts > 0) await wait(lasts);
  await caller.hangup();
  await Promise.all([caller.reaches("ended", "hangup acknowledged"), callee.reaches("ended")]);
  return {
    caller: await caller.moments(),
    callee: await callee.moments(),
    events: { caller: await caller.sent(), callee: await callee.sent() },
  };
}

/** From the placing of a call until the callee's app is informed of it, in ms. */
export function ringTime({ caller, callee }: TimedCall): number {
  return at(callee, "ringing") - at(caller, "place");
}

/** From the moment the callee accepts until both sides have reached something, in ms. */
export function sinceAccept({ caller, callee }: TimedCall, name: MarkName): number {
  return Math.max(at(caller, name), at(callee, name)) - at(callee, "accept");
}

/** How many events a call took, of both sides together. */
export function eventCount({ events }: TimedCall): number {
  return [events.caller, events.callee].flatMap(Object.values).reduce((sum, count) => sum + count, 0);
}

function at(moments: readonly Moment[], name: MarkName): number {
  const found = moments.find((moment) => moment.name === name);
  if (!found) throw new Error(`the call never reached "${name}"`);
  return found.at;
}
