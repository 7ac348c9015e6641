import { place, receive, step } from "../../src/signaling/call.ts";
import type {
  ArrivingCall,
  Call,
  CallIn,
  Effect,
  Input,
  PreparingCall,
  Step,
} from "../../src/signaling/call-state.ts";
import type { State } from "../../src/signaling/call-table.ts";
import type { Body, CallEvent, EventOf } from "../../src/signaling/event-types.ts";
import type {
  CallRef,
  Candidate,
  Capabilities,
  Command,
  Party,
  SessionDescription,
  Signal,
} from "../../src/streams/contract.ts";

export const ref = { roomId: "!room:test", callId: "call" };
export const alice = { userId: "@alice:test", partyId: "A1" };
export const bob = { userId: "@bob:test", partyId: "B1" };
export const bobsTablet = { userId: "@bob:test", partyId: "B2" };
export const mallory = { userId: "@mallory:test", partyId: "M1" };

export const offer: SessionDescription = { description: { type: "offer", sdp: "offer" } };
export const answer: SessionDescription = {
  description: { type: "answer", sdp: "answer" },
  streams: [{ id: "s", purpose: "m.usermedia", audioMuted: false, videoMuted: false }],
};
export const candidate = (name: string): Candidate => ({ candidate: name, sdpMid: "0", sdpMLineIndex: 0 });

export const able: Capabilities = { transferee: true, dtmf: true };
export const unable: Capabilities = { transferee: false, dtmf: false };

/** What an event says; capabilities where they are of no interest are left to the helper. */
export type Said = Body extends infer B
  ? B extends { readonly capabilities: Capabilities }
    ? Omit<B, "capabilities"> & { readonly capabilities?: Capabilities }
    : B
  : never;

const MATRIX: Partial<Record<Body["type"], string>> = {
  streams: "m.call.sdp_stream_metadata_changed",
  transfer: "m.call.replaces",
  transfer_refused: "m.call.reject_replacement",
  identity: "m.call.asserted_identity",
};

export const event = (sender: Party, said: Said, version: 0 | 1 = 1, age?: number): Input => ({
  type: "event",
  event: {
    ...ref,
    eventType: MATRIX[said.type] ?? `m.call.${said.type}`,
    sender,
    version,
    ...(age !== undefined && { age }),
    ...((said.type === "invite" || said.type === "answer") && { capabilities: able }),
    ...said,
  } as CallEvent,
});
export const invite: EventOf<"invite"> = {
  ...ref,
  eventType: "m.call.invite",
  sender: alice,
  version: 1,
  type: "invite",
  lifetime: 90_000,
  capabilities: able,
  ...offer,
};

/** A command for the call, which is named by the helper. */
type Asked = Command extends infer C ? (C extends Command ? Omit<C, keyof CallRef> : never) : never;
export const command = (asked: Asked): Input => ({
  type: "command",
  command: { ...ref, ...asked } as Command,
});

export const batchRead = (
  over: { publicRoom?: boolean; groupRoom?: boolean; replaces?: string } = {},
): Input => ({
  type: "batch_read",
  publicRoom: false,
  groupRoom: false,
  ...over,
});
/** Takes a call through inputs; what it did last is in `effects`. */
export function run(start: Call, ...inputs: Input[]): Step {
  return inputs.reduce<Step>((now, input) => step(now.call, input, 1_000), { call: start, effects: [] });
}

/** The call of a step, which must have come to this state. */
export function callIn<S extends State>(state: S, { call }: Step): CallIn<S> {
  if (call.state !== state) throw new Error(`the call is ${call.state}, not ${state}`);
  return call as CallIn<S>;
}

export const theirs = (version: 0 | 1 = 1): ArrivingCall => receive({ ...invite, version }, bob, 91_000);
export const ringing = (version: 0 | 1 = 1) => callIn("ringing", run(theirs(version), batchRead()));
export const answeredByUs = () =>
  callIn("answered_in", run(ringing(), command({ type: "answer", ...answer })));
export const ours = (invitee: string | undefined = bob.userId): PreparingCall =>
  place({ ...ref, type: "place", ...(invitee && { invitee }) }, alice, 1_000);
export const invited = (invitee?: string) =>
  callIn("inviting", run(ours(invitee), command({ type: "invite", ...offer })));
export const answeredByThem = () =>
  callIn("answered_out", run(invited(), event(bob, { type: "answer", ...answer })));

export const signals = (effects: readonly Effect[]): Signal[] =>
  effects.flatMap((effect) => (effect.type === "signal" ? [effect.signal] : []));
export const sends = (effects: readonly Effect[]) =>
  effects.flatMap((effect) => (effect.type === "send" ? [effect.event] : []));
export const ends = (effects: readonly Effect[]) =>
  signals(effects).flatMap((signal) => (signal.type === "ended" ? [signal.end] : []));
export const types = (effects: readonly Effect[]) =>
  effects.map((effect) =>
    effect.type === "signal" ? effect.signal.type : effect.type === "send" ? effect.event.type : effect.type,
  );
