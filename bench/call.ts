import type { Pair } from "./cast.ts";
import { inTime } from "./in-time.ts";
import type { BenchPage, EventCounts, MarkName, Moment } from "./pages/bench-page.ts";
import { pause } from "./pause.ts";
import type { Mark } from "./waterfall.ts";

export interface CallOptions {
  readonly video: boolean;
  /** How long the callee lets it ring, in ms. Absent: the caller hangs up as soon as it rings. */
  readonly accept?: number;
  /** What both sides must reach, beside media that flows, before the caller hangs up. */
  readonly and?: readonly MarkName[];
}

/** What happened in a call at either end, and how many events it took. */
export interface TimedCall {
  readonly caller: readonly Moment[];
  readonly callee: readonly Moment[];
  readonly events: { readonly caller: EventCounts; readonly callee: EventCounts };
}

/** Places a call, lets it go as far as it is to go, and ends it. Rejects where it does not get there. */
export async function timeCall(pair: Pair<BenchPage>, options: CallOptions): Promise<TimedCall> {
  const call = await inTime("a call", wholeCall(pair, options), async () => {
    const reached = async (side: "caller" | "callee") => (await pair[side].moments()).map(({ name }) => name);
    return `the caller came to: ${await reached("caller")}; the callee to: ${await reached("callee")}`;
  });
  await pause();
  return call;
}

async function wholeCall(
  { caller, callee, roomId, calleeId }: Pair<BenchPage>,
  { video, accept, and = [] }: CallOptions,
): Promise<TimedCall> {
  await caller.expect();
  await callee.expect(accept === undefined ? undefined : { after: accept, video });
  await caller.place({ roomId, invitee: calleeId, video });
  if (accept === undefined) {
    await Promise.all([callee.reaches("ringing"), caller.reaches("invite acknowledged")]);
  } else {
    const media: MarkName[] = [
      "connected",
      "first audio",
      ...(video ? ["first frame" as const] : []),
      ...and,
    ];
    await Promise.all([caller.reaches(...media), callee.reaches(...media)]);
  }
  await caller.hangup();
  await Promise.all([caller.reaches("ended", "hangup acknowledged"), callee.reaches("ended")]);
  return {
    caller: await caller.moments(),
    callee: await callee.moments(),
    events: { caller: await caller.sent(), callee: await callee.sent() },
  };
}

/** From the placing of a call until it rings at the callee, in ms. */
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
  if (!found) throw new Error(`the call never came to "${name}"`);
  return found.at;
}

/** Both sides' moments on one axis, from the placing of the call on. */
export function marksOf(call: TimedCall): Mark[] {
  const start = at(call.caller, "place");
  const of = (by: Mark["by"]) => call[by].map((moment) => ({ name: moment.name, by, at: moment.at - start }));
  return [...of("caller"), ...of("callee")].sort((a, b) => a.at - b.at);
}
