import type {
  CallRef,
  Candidate,
  Command,
  End,
  MilestoneName,
  Party,
  SessionDescription,
  Signal,
} from "../streams/contract.ts";
import type { ErrorData } from "../streams/errors.ts";
import type { Outgoing } from "./encode.ts";
import type { CallEvent, Version } from "./events.ts";

/**
 * Where a call stands, as the engine sees it.
 * - `preparing`: ours, no invite made yet.
 * - `invited`: ours: the invite is on its way or there. Theirs: it came in the batch that is being read (P9).
 * - `ringing`: theirs, and the user knows.
 * - `answered`: both descriptions are known.
 * - `ended`: for good.
 */
export type Phase = "preparing" | "invited" | "ringing" | "answered" | "ended";

/** Candidates of a party that may yet become the peer. */
export interface Early {
  readonly party: Party;
  readonly candidates: readonly Candidate[];
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
  /** How long our invite is good for, in ms (P7). */
  readonly lifetime: number;
  /** When it stops ringing; before our invite is made, never. */
  readonly expiresAt: number;
  /** Their offer, until it has been handed on. */
  readonly offer?: SessionDescription;
  readonly early: readonly Early[];
}

/** What can happen to a call. */
export type Input =
  | { readonly type: "command"; readonly command: Command }
  | { readonly type: "event"; readonly event: CallEvent }
  /** The sync response that brought the invite has been read to its end (P9). */
  | { readonly type: "batch_read"; readonly publicRoom: boolean }
  | { readonly type: "expired" }
  /** Local candidates, gathered into a batch. */
  | { readonly type: "batched"; readonly candidates: readonly Candidate[] }
  /** The homeserver has an event of ours, or never will. */
  | { readonly type: "sent"; readonly what: Sent }
  | { readonly type: "failed"; readonly what: Sent; readonly error: ErrorData }
  /** We, or the peer, are no longer in the room (P18). */
  | { readonly type: "left"; readonly who: "us" | "peer" };

/** Which of our events a `sent` or a `failed` speaks of. */
export type Sent = "invite" | "answer" | "candidates" | "other";

/** What is to be done. The engine carries it out in order, and thinks nothing of its own. */
export type Effect =
  | { readonly type: "send"; readonly what: Sent; readonly event: Outgoing }
  | { readonly type: "signal"; readonly signal: Signal }
  | { readonly type: "milestone"; readonly name: MilestoneName }
  /** A local candidate for the batching operator. */
  | { readonly type: "batch"; readonly candidate: Candidate }
  /** Wake the call at `expiresAt`, in place of any earlier wish. */
  | { readonly type: "expire_at"; readonly at: number }
  | { readonly type: "never_expire" }
  /** An event that changes nothing, and why. */
  | { readonly type: "dropped"; readonly why: string }
  /** A command that cannot be carried out now. */
  | { readonly type: "refused"; readonly error: ErrorData };

export interface Step {
  readonly call: Call;
  readonly effects: readonly Effect[];
}

/** What `ended` means to the outside: a signal, a milestone, and no timer left. */
export function end(call: Call, by: End["by"], reason: string, error?: ErrorData): Step {
  const known = call.direction === "outgoing" || call.phase !== "invited";
  const { roomId, callId } = call;
  return {
    call: { ...call, phase: "ended", early: [] },
    effects: [
      { type: "never_expire" },
      // An invite that was withdrawn in the batch that brought it never rang: nobody is told (P9).
      ...(known
        ? ([
            { type: "milestone", name: "ended" },
            {
              type: "signal",
              signal: { type: "ended", roomId, callId, end: { by, reason, ...(error && { error }) } },
            },
          ] as const)
        : []),
    ],
  };
}

/** The call as it was, and the effects before those of a step. */
export const stay = (call: Call, ...effects: readonly Effect[]): Step => ({ call, effects });

export const dropped = (call: Call, why: string): Step => stay(call, { type: "dropped", why });

export const before = (effects: readonly Effect[], step: Step): Step => ({
  call: step.call,
  effects: [...effects, ...step.effects],
});

export const sameParty = (a: Party | undefined, b: Party): boolean =>
  a !== undefined && a.userId === b.userId && a.partyId === b.partyId;
