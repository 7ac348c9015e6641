/** Makes a page with a phone in it answer the benchmark. */
import { type BenchCall, type BenchPlaceOptions, createCallEnd } from "../../src/bench/call-end.ts";
import { realClock } from "../../src/streams/clock.ts";
import type { BenchPage, StartOptions } from "./bench-page.ts";
import { watchConnections } from "./connections.ts";
import { timeline } from "./page-timeline.ts";
import type { Sending } from "./requests.ts";

/** A phone of either make. */
export interface SomePhone {
  /** Resolves once it is online; `rings` is called as an app is informed of a call. */
  start(options: StartOptions, rings: (call: BenchCall) => void): Promise<void>;
  place(options: BenchPlaceOptions): BenchCall;
}

export function noteRequest({ id, message, lastCandidate, at, done }: Sending): void {
  timeline.mark(`${message} ${done ? "acknowledged" : "sent"}`, at);
  if (!done) return;
  timeline.count(id, message);
  if (lastCandidate) timeline.mark("all candidates sent", at);
}

export function benchPage(phone: SomePhone): BenchPage {
  const end = createCallEnd(timeline, phone.place, realClock);
  return {
    ...end,
    async start(options) {
      watchConnections(options.slowGathering);
      await phone.start(options, end.ring);
    },
  };
}
