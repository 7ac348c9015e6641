/** Our call events as they go out: version "1" (P2), in the stable and the unstable dialect (P28). */
import type {
  CallRef,
  Candidate,
  HangupReason,
  SessionDescription,
  StreamInfo,
  Transfer,
} from "../streams/contract.ts";
import {
  DELAYED_HANGUP,
  NEGOTIATION,
  STREAMS,
  STREAMS_CHANGED,
  UNSTABLE_STREAMS,
  UNSTABLE_STREAMS_CHANGED,
} from "./event-types.ts";

/** An event for the room. */
export interface Outgoing {
  readonly type: string;
  readonly content: Readonly<Record<string, unknown>>;
}

/** The end of a call that an event speaks for: the call, and our party in it (P1). */
export interface From extends CallRef {
  readonly partyId: string;
}

const make = (from: From, type: string, body: Record<string, unknown>): Outgoing => ({
  type,
  content: { call_id: from.callId, version: "1", party_id: from.partyId, ...body },
});

/** What we can do (P31). */
const capabilities = { "m.call.transferee": true, "m.call.dtmf": true };

export const encode = {
  invite: (from: From, offer: SessionDescription, lifetime: number, invitee: string | undefined) =>
    make(from, "m.call.invite", {
      offer: offer.description,
      lifetime,
      ...(invitee !== undefined && { invitee }),
      capabilities,
      ...named(offer),
    }),

  answer: (from: From, answer: SessionDescription) =>
    make(from, "m.call.answer", { answer: answer.description, capabilities, ...named(answer) }),

  negotiate: (from: From, ours: SessionDescription, lifetime: number) =>
    make(from, "m.call.negotiate", { description: ours.description, lifetime, ...named(ours) }),

  /** Some peers choke on an end marker without a place, which a media half may leave out (P35). */
  candidates: (from: From, candidates: readonly Candidate[]) =>
    make(from, "m.call.candidates", {
      candidates: candidates.map((one) =>
        one.candidate === "" ? { sdpMid: "0", sdpMLineIndex: 0, ...one } : one,
      ),
    }),

  selectAnswer: (from: From, selectedPartyId: string) =>
    make(from, "m.call.select_answer", { selected_party_id: selectedPartyId }),

  reject: (from: From) => make(from, "m.call.reject", {}),

  hangup: (from: From, reason: HangupReason) => make(from, "m.call.hangup", { reason }),

  /** For the homeserver to send should we vanish (P34): marked, because it cannot tell that we have. */
  delayedHangup: (from: From) =>
    make(from, "m.call.hangup", { reason: "unknown_error", [DELAYED_HANGUP]: { version: 1 } }),

  /** Two events: some peers know only the one type, some only the other (P28). */
  streamsChanged: (from: From, streams: readonly StreamInfo[]) =>
    [STREAMS_CHANGED, UNSTABLE_STREAMS_CHANGED].map((type) => make(from, type, metadata(streams))),

  replaces: (from: From, { replacementId, targetUser, targetRoom, createCall, awaitCall }: Transfer) =>
    make(from, "m.call.replaces", {
      replacement_id: replacementId,
      target_user: {
        id: targetUser.userId,
        ...(targetUser.displayName !== undefined && { display_name: targetUser.displayName }),
        ...(targetUser.avatarUrl !== undefined && { avatar_url: targetUser.avatarUrl }),
      },
      ...(targetRoom !== undefined && { target_room: targetRoom }),
      ...(createCall !== undefined && { create_call: createCall }),
      ...(awaitCall !== undefined && { await_call: awaitCall }),
    }),

  rejectReplacement: (from: From, replacementId: string, reason: string) =>
    make(from, "m.call.reject_replacement", { replacement_id: replacementId, reason }),
};

const named = ({ streams, negotiation }: SessionDescription) => ({
  ...metadata(streams),
  ...(negotiation !== undefined && { [NEGOTIATION]: negotiation }),
});

function metadata(streams: readonly StreamInfo[] | undefined): Record<string, unknown> {
  if (!streams) return {};
  // Our own ids, made by our own browser: as keys they are harmless.
  const map = Object.fromEntries(
    streams.map(({ id, purpose, audioMuted, videoMuted }) => [
      id,
      { purpose, audio_muted: audioMuted, video_muted: videoMuted },
    ]),
  );
  return { [STREAMS]: map, [UNSTABLE_STREAMS]: map };
}
