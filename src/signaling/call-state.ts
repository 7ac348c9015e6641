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
import { encode, type From, type Outgoing } from "./encode.ts";
import type { CallEvent } from "./event-types.ts";

/**
 * Where a call stands, as the engine sees it.
 * - `preparing`: ours, no invite made yet.
 * - `invited`: ours: the invite is on its way or there. Theirs: it came in the batch that is being read (P9).
 * - `ringing`: theirs, and the user knows.
 * - `answered`: both descriptions are known.
 * - `ended`: for good.
 */
export type Phase = "preparing" | "invited" | "ringing" | "answered" | "ended";

/** What a party that may yet become the peer sent one phase too early, in order: it is applied when the phase comes. */
export interface Early {
  readonly party: Party;
  readonly events: readonly CallEvent[];
}

export interface Call extends CallRef {
  readonly direction: "outgoing" | "incoming";
  readonly phase: Phase;
  /** Our user, and the party that we are in this call (P4). */
  readonly us: Required<Party>;
  /** The one user who may answer, where one is meant (P11). */
  readonly invitee?: string;
  /** Theirs from the first event on; ours from the answer on (P41). */
  readonly peer?: Party;
  /** The version that the peer speaks (P2). */
  readonly version: Version;
  /** Whether the peer has not shown yet that it negotiates: see docs/decisions/real-peers.md. */
  readonly unproven?: boolean;
  /** What the peer can do, as far as it said so (P31). */
  readonly capabilities: Capabilities;
  /** How long our invite is good for, in ms (P7). */
  readonly lifetime: number;
  /** When it stops ringing; before our invite is made, when that is no longer awaited. */
  readonly expiresAt: number;
  /** Since when one of theirs rings, and whether its caller has called again since (P46). */
  readonly ringingSince?: number;
  readonly calledAgain?: boolean;
  /** Their offer, until it has been handed on. */
  readonly offer?: SessionDescription;
  readonly early: readonly Early[];
  /** Whether an event of the room has proved that our answer was stored. */
  readonly answerDelivered?: boolean;
  /** What our streams are, and what the peer was last told of them (P25). */
  readonly streams?: readonly StreamInfo[];
  readonly toldStreams?: readonly StreamInfo[];
  /** Transfers that we asked for and that were not refused, by their ids (P32). */
  readonly transfers: readonly string[];
  /** Whether the media path is alive, as the phone last said. */
  readonly pathAlive?: boolean;
  /** A delayed hangup that does not count while the path is alive: how the call ends if the path is lost (P34). */
  readonly ignoredHangup?: Pick<End, "by" | "reason">;
}

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
export function end(call: Call, by: End["by"], reason: string, error?: ErrorData): Step {
  // An invite that was withdrawn in the batch that brought it never rang: nobody is told (P9).
  if (call.direction === "incoming" && call.phase === "invited") return endSilently(call);
  return after(
    endSilently(call),
    { type: "milestone", name: "ended" },
    {
      type: "signal",
      signal: { type: "ended", ...refOf(call), end: { by, reason, ...(error && { error }) } },
    },
  );
}

export const endSilently = (call: Call): Step => ({
  call: { ...call, phase: "ended", early: [] },
  effects: [{ type: "never_expire" }],
});

/** The call as it was, and what is to be done. */
export const stay = (call: Call, ...effects: readonly Effect[]): Step => ({ call, effects });

/** The effects before, or after, those of a step. */
export const before = (effects: readonly Effect[], step: Step): Step => ({
  call: step.call,
  effects: [...effects, ...step.effects],
});
export const after = (step: Step, ...effects: readonly Effect[]): Step => ({
  call: step.call,
  effects: [...step.effects, ...effects],
});

export const dropped = (call: Call, { eventType }: { readonly eventType: string }, why: string): Step =>
  stay(call, { type: "dropped", eventType, why });

/** Refuses a command that does not fit; `why` where the call's phase does not say it all. */
export function refused(call: Call, { type }: Command, why?: string): Step {
  const because = why ?? `it is ${call.phase} and ${call.direction}`;
  const message = `Cannot ${type.replaceAll("_", " ")} call ${call.callId}: ${because}.`;
  return stay(call, { type: "refused", error: { code: "wrong_state", message } });
}

export const send = (event: Outgoing): Effect => ({ type: "send", what: "other", event });

/** Should we vanish, the homeserver says goodbye (P34). */
export const armed = (call: Call): Effect => ({
  type: "arm",
  event: encode.delayedHangup(from(call)),
});

/** Whether the peer may wait for us, and is to know when we go: never where the call only rings here (P48). */
export const needsHangup = ({ direction, phase }: Call): boolean =>
  phase === "answered" || (phase === "invited" && direction === "outgoing");

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

export const refOf = ({ roomId, callId }: Call): CallRef => ({ roomId, callId });

export const isSame = (a: CallRef, b: CallRef): boolean => a.roomId === b.roomId && a.callId === b.callId;

/** What our events in a call say of their sender. */
export const from = ({ roomId, callId, us }: Call): From => ({ roomId, callId, partyId: us.partyId });

/** Who may answer our call: the invitee where one is meant, else anyone but us (P11, P41). */
export const mayAnswer = ({ invitee, us }: Call, { userId }: Party): boolean =>
  invitee === undefined ? userId !== us.userId : userId === invitee;

export const sameParty = (a: Party | undefined, b: Party): boolean =>
  a !== undefined && a.userId === b.userId && a.partyId === b.partyId;

/** Whether an event comes from the peer of a call that is answered: what only the two of them may say (P41). */
export const isBetweenUs = (call: Call, { sender }: CallEvent): boolean =>
  call.phase === "answered" && sameParty(call.peer, sender);

export type InputOf<T extends Input["type"]> = Extract<Input, { type: T }>;
export type CommandOf<T extends Command["type"]> = Extract<Command, { type: T }>;
