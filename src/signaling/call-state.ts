import type {
  CallRef,
  Candidate,
  Capabilities,
  Command,
  End,
  MilestoneName,
  Party,
  SessionDescription,
  Signal,
  StreamInfo,
  Version,
} from "../streams/contract.ts";
import type { ErrorData } from "../streams/errors.ts";
import type { Sender, State } from "./call-table.ts";
import { encode, type From, type Outgoing } from "./encode.ts";
import type { CallEvent } from "./event-types.ts";

/** What a party that may yet become the peer sent one state too early, in order: it is applied when the state comes. */
export interface Early {
  readonly party: Party;
  readonly events: readonly CallEvent[];
}

interface CallBase extends CallRef {
  /** Our user, and the party that we are in this call (P4). */
  readonly us: Required<Party>;
  /** How long its invite is good for, in ms (P7). */
  readonly lifetime: number;
  /** When it stops ringing; before our invite is made, when that is no longer awaited. */
  readonly expiresAt: number;
}

interface LiveBase extends CallBase {
  /** Whether the media path is alive, by the phone's last report. */
  readonly pathAlive?: boolean;
  /** A delayed hangup that does not count while the path is alive: how the call ends if the path is lost (P34). */
  readonly ignoredHangup?: Pick<End, "by" | "reason">;
}

/** One of ours that nobody has answered. */
interface PlacedBase extends LiveBase {
  /** The one user who may answer, where one is meant (P11). */
  readonly invitee?: string;
}

/** What the peer's invite or answer shows of it. */
export interface PeerFacts {
  /** Every later event must come from this party (P41). */
  readonly peer: Party;
  /** The version that the peer speaks (P2). */
  readonly version: Version;
  /** Whether the peer has not shown yet that it negotiates: see docs/decisions/real-peers.md. */
  readonly unproven?: true;
  /** What the peer can do, as far as it announced that (P31). */
  readonly capabilities: Capabilities;
}

/** Our streams, and what the peer was last sent of them (P25). */
export interface Announced {
  readonly streams?: readonly StreamInfo[];
  readonly announcedStreams?: readonly StreamInfo[];
}

interface AnsweredBase extends LiveBase, PeerFacts, Announced {
  /** Transfers that we asked for and that were not refused, by their ids (P32). */
  readonly transfers: readonly string[];
}

export interface PreparingCall extends PlacedBase {
  readonly state: "preparing";
}
export interface InvitingCall extends PlacedBase, Announced {
  readonly state: "inviting";
  readonly early: readonly Early[];
}
export interface ArrivingCall extends LiveBase, PeerFacts {
  readonly state: "arriving";
  readonly offer: SessionDescription;
  readonly early: readonly Early[];
}
export interface RingingCall extends LiveBase, PeerFacts {
  readonly state: "ringing";
  readonly ringingSince: number;
  /** Whether its caller has called again since (P46). */
  readonly calledAgain?: true;
  /** Whether the room has our answer already, of an engine that was lost. */
  readonly answerDelivered?: true;
}
export interface AnsweredOutCall extends AnsweredBase {
  readonly state: "answered_out";
}
export interface AnsweredInCall extends AnsweredBase {
  readonly state: "answered_in";
  /** Whether an event of the room has proved that our answer was stored. */
  readonly answerDelivered?: true;
}
export interface EndedCall extends CallBase {
  readonly state: "ended";
}

export type AnsweredCall = AnsweredOutCall | AnsweredInCall;
export type LiveCall = PreparingCall | InvitingCall | ArrivingCall | RingingCall | AnsweredCall;
/** A call, by its state (see call-table.ts): what is there is known by that. */
export type Call = LiveCall | EndedCall;
/** A call in one of these states. */
export type CallIn<S extends State> = Extract<Call, { readonly state: S }>;

/** What can happen to a call. */
export type Input =
  | { readonly type: "command"; readonly command: Command }
  | { readonly type: "event"; readonly event: CallEvent }
  /** The sync response that brought the invite has been read to its end (P9). */
  | {
      readonly type: "batch_read";
      readonly publicRoom: boolean;
      readonly groupRoom: boolean;
      /** Our call that this one takes the place of (P21). */
      readonly replaces?: string;
    }
  /**
   * Glare: theirs takes the place of this call of ours (P21). `elsewhere`: not in this call's own media, but on another
   * device of ours that has answered it, or in the place of another call of ours; the app is told.
   */
  | { readonly type: "replaced"; readonly elsewhere: boolean }
  /** Glare: this call of theirs gives way to ours (P21). */
  | { readonly type: "outranked" }
  /** The caller of this call of theirs, which nobody has answered yet, has called again since (P46). */
  | { readonly type: "superseded" }
  | { readonly type: "expired" }
  /** Local candidates, gathered into a batch. */
  | { readonly type: "batched"; readonly candidates: readonly Candidate[] }
  /** Our streams have been as they are for a while. */
  | { readonly type: "streams_settled" }
  /** Our own event came back from the room. */
  | { readonly type: "echoed"; readonly what: Sent }
  /** The homeserver has an event of ours, or never will. */
  | { readonly type: "sent"; readonly what: Sent }
  | { readonly type: "failed"; readonly what: Sent; readonly error: ErrorData }
  /** We, or the peer, are no longer in the room (P18). */
  | { readonly type: "left"; readonly who: "us" | "peer" };

/** Which of our events a `sent` or a `failed` speaks of. */
export type Sent = "invite" | "answer" | "negotiate" | "candidates" | "other";

/** What is to be done. The engine carries it out in order, and thinks nothing of its own. */
export type Effect =
  | { readonly type: "send"; readonly what: Sent; readonly event: Outgoing }
  /**
   * An event of the room proves that ours was stored, whether or not the homeserver's response arrives. Of negotiations
   * that is our offer; `negotiation` is its name, where the peer names what it answers.
   */
  | { readonly type: "delivered"; readonly what: Sent; readonly negotiation?: string }
  | { readonly type: "signal"; readonly signal: Signal }
  | { readonly type: "milestone"; readonly name: MilestoneName }
  /** A local candidate for the batching operator. */
  | { readonly type: "batch"; readonly candidate: Candidate }
  /** Wake the call in a moment, unless that is on its way: our streams may go on changing till then. */
  | { readonly type: "settle_streams" }
  /** Wake the call at `expiresAt`, in place of any earlier wish. */
  | { readonly type: "expire_at"; readonly at: number }
  | { readonly type: "never_expire" }
  /** The hangup that is to go out if we should vanish before the call ends (P34). */
  | { readonly type: "arm"; readonly event: Outgoing }
  /** An event that changes nothing, and why. */
  | { readonly type: "dropped"; readonly eventType: string; readonly why: string }
  /** A command that cannot be carried out now. */
  | { readonly type: "refused"; readonly error: ErrorData };

export interface Step {
  readonly call: Call;
  readonly effects: readonly Effect[];
}

/** What `ended` means to the outside: a signal, a milestone, and no timer left. */
export function end(call: LiveCall, by: End["by"], reason: string, error?: ErrorData): Step {
  // An invite that was withdrawn in the batch that brought it never rang: nothing is emitted (P9).
  if (call.state === "arriving") return endSilently(call);
  return appendEffects(
    endSilently(call),
    { type: "milestone", name: "ended" },
    {
      type: "signal",
      signal: { type: "ended", ...refOf(call), end: { by, reason, ...(error && { error }) } },
    },
  );
}

export function endSilently({ roomId, callId, us, lifetime, expiresAt }: LiveCall): Step {
  return {
    call: { roomId, callId, us, lifetime, expiresAt, state: "ended" },
    effects: [{ type: "never_expire" }],
  };
}

/** The call as it is given, and what is to be done. */
export const stay = (call: Call, ...effects: readonly Effect[]): Step => ({ call, effects });

export const prependEffects = (effects: readonly Effect[], step: Step): Step => ({
  call: step.call,
  effects: [...effects, ...step.effects],
});
export const appendEffects = (step: Step, ...effects: readonly Effect[]): Step => ({
  call: step.call,
  effects: [...step.effects, ...effects],
});

export const dropped = (call: Call, { eventType }: { readonly eventType: string }, why: string): Step =>
  stay(call, { type: "dropped", eventType, why });

/** Refuses a command that does not fit; `why` where the call's state does not say it all. */
export function refused(call: Call, { type }: Command, why = `it is ${call.state}`): Step {
  const message = `Cannot ${type.replaceAll("_", " ")} call ${call.callId}: ${why}.`;
  return stay(call, { type: "refused", error: { code: "wrong_state", message } });
}

export const send = (event: Outgoing): Effect => ({ type: "send", what: "other", event });

/** Should we vanish, the homeserver sends our hangup (P34). */
export const armHangup = (call: Call): Effect => ({
  type: "arm",
  event: encode.delayedHangup(from(call)),
});

export const isAnswered = (call: Call): call is AnsweredCall =>
  call.state === "answered_out" || call.state === "answered_in";

/** Whether the peer may wait for us, and is to know when we go: never where the call only rings here (P48). */
export const needsHangup = (call: Call): call is InvitingCall | AnsweredCall =>
  call.state === "inviting" || isAnswered(call);

/** What an event describes, without what it says of itself. */
export const descriptionOf = ({
  description,
  streams,
  negotiation,
}: SessionDescription): SessionDescription => ({
  description,
  ...(streams && { streams }),
  ...(negotiation && { negotiation }),
});

export const refOf = ({ roomId, callId }: CallRef): CallRef => ({ roomId, callId });

export const isSame = (a: CallRef, b: CallRef): boolean => a.roomId === b.roomId && a.callId === b.callId;

/** What our events in a call say of their sender. */
export const from = ({ roomId, callId, us }: Call): From => ({ roomId, callId, partyId: us.partyId });

export const sameParty = (a: Party, b: Party): boolean => a.userId === b.userId && a.partyId === b.partyId;

/** The other side's user, where one is known or meant. */
export const otherUserOf = (call: Call): string | undefined =>
  "peer" in call ? call.peer.userId : "invitee" in call ? call.invitee : undefined;

/** Whether a user is the peer, or may yet answer: the invitee where one is meant, else anyone but us (P11, P41). */
export function mayBePeer(call: Call, userId: string): boolean {
  const other = otherUserOf(call);
  return other === undefined ? userId !== call.us.userId : userId === other;
}

/** Who an event comes from, as the call sees it. A user has other devices, told apart by party alone (P5). */
export function senderOf(call: LiveCall, party: Party): Sender {
  if (sameParty(call.us, party)) return "us";
  if ("peer" in call) {
    if (sameParty(call.peer, party)) return "peer";
  } else if (mayBePeer(call, party.userId)) return "invitee";
  return party.userId === call.us.userId ? "our_device" : "stranger";
}

export type InputOf<T extends Input["type"]> = Extract<Input, { type: T }>;
export type CommandOf<T extends Command["type"]> = Extract<Command, { type: T }>;
