import type { CallRef, Command, Signal } from "../../src/streams/contract.ts";
import { now } from "../browser/time.ts";

const REF: CallRef = { roomId: "!room:bench.test", callId: "call" };

/** About the size that Chromium's have: 3 kB for voice and video. */
const SDP = "a=rtpmap:96 VP8/90000\r\n".repeat(140);

/** What goes to the worker. */
export const COMMAND: Command = { ...REF, type: "answer", description: { type: "answer", sdp: SDP } };

/** Asks the worker of this benchmark for signals: what no engine would take for more than a call's lifetime. */
export const askFor = (signals: number): Command => ({ ...REF, type: "place", lifetime: signals });

/** What comes from the worker; when it left is in `remaining`. */
export const signal = (): Signal & { readonly type: "incoming" } => ({
  ...REF,
  type: "incoming",
  description: { type: "offer", sdp: SDP },
  peer: { userId: "@bob:bench.test", partyId: "BOB" },
  remaining: now(),
  capabilities: { transferee: true, dtmf: true },
  negotiable: true,
});

/** Waits for up to so many ms: for a moment that nothing else decides. */
export const wait = (most: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, Math.random() * most));

/** The most time between two signals, in ms: some come in each burst of a busy page's work, at any moment of it. */
export const SIGNAL_GAP = 10;
