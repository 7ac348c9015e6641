import { place, receive, step } from "../../src/signaling/call.ts";
import type { Call, Effect, Input, Step } from "../../src/signaling/call-state.ts";
import type { CallEvent, InviteEvent } from "../../src/signaling/events.ts";
import type { Candidate, Party, SessionDescription, Signal } from "../../src/streams/contract.ts";

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

type Body = CallEvent extends infer E
  ? E extends CallEvent
    ? Omit<E, "roomId" | "callId" | "sender" | "version">
    : never
  : never;
export const event = (sender: Party, body: Body, version: 0 | 1 = 1): Input => ({
  type: "event",
  event: { ...ref, sender, version, ...body } as CallEvent,
});
export const invite: InviteEvent = {
  ...ref,
  sender: alice,
  version: 1,
  type: "invite",
  lifetime: 90_000,
  ...offer,
};

export const command = (
  body:
    | ({ type: "invite" } & SessionDescription)
    | ({ type: "answer" } & SessionDescription)
    | { type: "candidate"; candidate: Candidate }
    | { type: "streams"; streams: NonNullable<SessionDescription["streams"]> }
    | { type: "reject" }
    | { type: "hangup"; reason: "user_hangup" | "user_media_failed" },
): Input => ({ type: "command", command: { ...ref, ...body } });

/** Takes a call through inputs; what it did last is in `effects`. */
export function run(start: Call, ...inputs: Input[]): Step {
  return inputs.reduce<Step>((now, input) => step(now.call, input, 1_000), { call: start, effects: [] });
}

export const theirs = (version: 0 | 1 = 1): Call => receive({ ...invite, version }, bob, 91_000);
export const ringing = (version: 0 | 1 = 1): Call =>
  run(theirs(version), { type: "batch_read", publicRoom: false }).call;
export const answeredByUs = (): Call => run(ringing(), command({ type: "answer", ...answer })).call;
export const ours = (invitee: string | undefined = bob.userId): Call =>
  place({ ...ref, type: "place", ...(invitee && { invitee }) }, alice);
export const invited = (invitee?: string): Call =>
  run(ours(invitee), command({ type: "invite", ...offer })).call;
export const answeredByThem = (): Call => run(invited(), event(bob, { type: "answer", ...answer })).call;

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
