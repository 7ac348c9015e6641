/** What an engine has to know of a call to go on where another was lost, and how that is read back. */
import * as v from "valibot";
import type { Candidate, RememberedCall } from "../streams/contract.ts";
import { rebased } from "../streams/memory.ts";
import { PROTOCOL } from "../streams/protocol.ts";
import type { Call, Sent } from "./call-state.ts";
import type { DelayedHangupRef } from "./dead-man.ts";
import type { CallEvent } from "./event-types.ts";
import type { QueuedEvent } from "./outbox-order.ts";

/** An event on its way to the homeserver, and what its call knows it as. */
export interface PendingEvent extends QueuedEvent {
  readonly what: Sent;
}

export interface RememberedState {
  /** The major version of the engine that it is of; one of another is never read. */
  readonly major: typeof PROTOCOL.major;
  readonly call: Call;
  /** What may not have reached the homeserver. */
  readonly pending: readonly PendingEvent[];
  /** Ours that no event holds yet. */
  readonly candidates: readonly Candidate[];
  readonly goodbye?: DelayedHangupRef;
  /** When this was so, on the clock of the engine that had it, by which its other times are. */
  readonly at: number;
}

const text = v.string();
const maybe = v.exactOptional;
const ref = { roomId: text, callId: text };
const candidate = v.object({
  candidate: text,
  sdpMid: maybe(text),
  sdpMLineIndex: maybe(v.number()),
});
const streams = v.array(
  v.object({
    id: text,
    purpose: v.picklist(["m.usermedia", "m.screenshare"]),
    audioMuted: v.boolean(),
    videoMuted: v.boolean(),
  }),
);
const party = v.object({ userId: text, partyId: maybe(text) });
/** Read from the room before it was kept, by a schema of its own. */
const event = v.custom<CallEvent>((value) => v.is(v.object({ ...ref, type: text, sender: party }), value));
const isSo = maybe(v.literal(true));
const base = {
  ...ref,
  us: v.object({ userId: text, partyId: text }),
  lifetime: v.number(),
  expiresAt: v.number(),
};
const live = {
  ...base,
  pathAlive: maybe(v.boolean()),
  ignoredHangup: maybe(v.object({ by: v.picklist(["peer", "system"]), reason: text })),
};
const placed = { ...live, invitee: maybe(text) };
const facts = {
  peer: party,
  version: v.picklist([0, 1]),
  unproven: isSo,
  capabilities: v.object({ transferee: v.boolean(), dtmf: v.boolean() }),
};
const announced = { streams: maybe(streams), announcedStreams: maybe(streams) };
const early = v.array(v.object({ party, events: v.array(event) }));
const answered = { ...live, ...facts, ...announced, transfers: v.array(text) };
/** By state; one that is `arriving` is read again from the room (P9). */
const calls = {
  preparing: v.object({ ...placed, state: v.literal("preparing") }),
  inviting: v.object({ ...placed, ...announced, state: v.literal("inviting"), early }),
  ringing: v.object({
    ...live,
    ...facts,
    state: v.literal("ringing"),
    ringingSince: v.number(),
    calledAgain: isSo,
    answerDelivered: isSo,
  }),
  answered_out: v.object({ ...answered, state: v.literal("answered_out") }),
  answered_in: v.object({ ...answered, state: v.literal("answered_in"), answerDelivered: isSo }),
  ended: v.object({ ...base, state: v.literal("ended") }),
};
/** The schema of its state; where there is none, one that it does not satisfy. */
const call = v.lazy((input): (typeof calls)[keyof typeof calls] => {
  const { state } = Object(input);
  return calls[Object.hasOwn(calls, state) ? (state as keyof typeof calls) : "ended"];
});
const pendingEvent = v.object({
  ...ref,
  event: v.object({ type: text, content: v.record(text, v.unknown()) }),
  txnId: text,
  expiresAt: v.number(),
  what: v.picklist(["invite", "answer", "negotiate", "candidates", "other"]),
});
const remembered = v.object({
  major: v.literal(PROTOCOL.major),
  call,
  pending: v.array(pendingEvent),
  candidates: v.array(candidate),
  goodbye: maybe(v.object({ id: maybe(text), renewals: maybe(v.number()) })),
  at: v.number(),
});

/**
 * What is remembered of a call of this user's, its times on a clock that shows `now`; undefined where it is not what an
 * engine like this one would tell.
 */
export function readState(
  { state }: RememberedCall,
  userId: string,
  now: number,
): RememberedState | undefined {
  const parsed = v.safeParse(remembered, state);
  if (!parsed.success || parsed.output.call.us.userId !== userId) return undefined;
  const { call, pending, at } = parsed.output;
  const onOurs = <T extends { readonly expiresAt: number }>(one: T): T => ({
    ...one,
    expiresAt: rebased(one.expiresAt, at, now),
  });
  return { ...parsed.output, call: onOurs(call), pending: pending.map(onOurs) };
}
