/**
 * The contract between the three parts of a call: the transport (a room's events), the signalling half (the
 * engine), and the media half (WebRTC), whose seam is in contract-media.ts. Everything a signalling half takes or
 * gives is a flat, structured-cloneable value, so that a port may lie anywhere between.
 *
 * Times are milliseconds on the base of the context that reads them (see clock.ts), unless a name says otherwise. Two
 * contexts, a page and its worker say, need not share a base: what crosses a port is a duration, or is rebased there.
 * "Rejects with" means: with a `TrunklineError` of that code (see errors.ts).
 */
import type { Observable, SchedulerLike } from "rxjs";
import type { ErrorData } from "./errors.ts";

export type * from "./contract-media.ts";

/** Where time comes from. `now()` is monotonic and counts the time that the machine slept; see clock.ts. */
export type Clock = SchedulerLike;

// ---------------------------------------------------------------------------------------------------------------
// What a call is made of

/** A call belongs to one room (P40); its id alone names nothing. */
export interface CallRef {
  readonly roomId: string;
  readonly callId: string;
}

/** The version of the specification that a peer speaks (P2). Absent in a signal of an engine of an older release. */
export type Version = 0 | 1;

/** A user's one end of a call (P4). `partyId` is absent for version 0 peers. */
export interface Party {
  readonly userId: string;
  readonly partyId?: string;
}

export interface Description {
  readonly type: "offer" | "answer";
  readonly sdp: string;
}

/** `candidate: ""` is the end marker: no more candidates will come (P24). */
export interface Candidate {
  readonly candidate: string;
  readonly sdpMid?: string;
  readonly sdpMLineIndex?: number;
}

export type Purpose = "m.usermedia" | "m.screenshare";

/** What a peer says of one of its streams (P25). A list, not a map: peer-made ids are never keys of ours (P43). */
export interface StreamInfo {
  readonly id: string;
  readonly purpose: Purpose;
  readonly audioMuted: boolean;
  readonly videoMuted: boolean;
}

/** A description with the streams it carries. `streams` is absent where the peer sent no metadata (P26). */
export interface SessionDescription {
  readonly description: Description;
  readonly streams?: readonly StreamInfo[];
  /**
   * Names an offer among those of its sender in the call; an answer names the offer that it answers. Absent where the
   * peer does not name them: then a late answer cannot be told from one in time.
   */
  readonly negotiation?: string;
}

/** What a party can do beyond talking (P31). Only what it said is true counts. */
export interface Capabilities {
  /** Whether it can be transferred (P32). */
  readonly transferee: boolean;
  readonly dtmf: boolean;
}

/**
 * Where a call is to go instead (P32): the user in question, and either the call that they make (`createCall`) or the
 * one that will come to them (`awaitCall`), in `targetRoom` where it is named.
 */
export interface Transfer {
  readonly replacementId: string;
  readonly targetUser: {
    readonly userId: string;
    readonly displayName?: string;
    readonly avatarUrl?: string;
  };
  readonly targetRoom?: string;
  readonly createCall?: string;
  readonly awaitCall?: string;
}

/** Who a bridge says is talking (P33): for display only, never to be trusted. Absent: nobody in particular any more. */
export interface AssertedIdentity {
  readonly id?: string;
  readonly displayName?: string;
  readonly avatarUrl?: string;
}

export interface IceServer {
  readonly urls: readonly string[];
  readonly username?: string;
  readonly credential?: string;
  /** When the credentials lapse, on the time base of whoever reads this; absent where they do not (P29). */
  readonly expiresAt?: number;
}

/** How a call ended. */
export interface End {
  /** `us`: this app. `peer`: the other user. `other_device`: our user, elsewhere. `system`: a timer or a failure. */
  readonly by: "us" | "peer" | "other_device" | "system";
  /**
   * A hangup reason of P17, `rejected`, `answered_elsewhere`, `called_again` (the caller has called anew, and that call
   * rings instead), or what an unknown peer called it.
   */
  readonly reason: string;
  /** Why, where something failed. */
  readonly error?: ErrorData;
}

/** The hangup reasons we send (P17). */
export type HangupReason =
  | "ice_failed"
  | "ice_timeout"
  | "invite_timeout"
  | "user_hangup"
  | "user_media_failed"
  | "user_busy"
  | "unknown_error";

// ---------------------------------------------------------------------------------------------------------------
// Seam 1: the transport. Dumb: it carries events and knows nothing of calls.

/** A timeline or state event of a room, as the homeserver gave it, decrypted where it was encrypted. */
export interface RoomEvent {
  readonly roomId: string;
  readonly eventId: string;
  readonly sender: string;
  readonly type: string;
  /** Present on state events only. */
  readonly stateKey?: string;
  /** Untrusted. */
  readonly content: unknown;
  /**
   * Age in ms when its batch is emitted: the homeserver's word, and how long the batch has waited since; untrusted (P8).
   */
  readonly age?: number;
  /** Whether the event travelled encrypted (P42). */
  readonly encrypted: boolean;
}

/**
 * All events of one sync response. Within a room they are in order: state first, then timeline. The state of a room
 * (and how many members it has) may be kept back until its first call event is told.
 */
export interface EventBatch {
  /** False for the first sync after the start: history, not news (P10). */
  readonly live: boolean;
  readonly events: readonly RoomEvent[];
  /** How many members rooms have, where this response told (P13). */
  readonly members?: readonly { readonly roomId: string; readonly joined: number }[];
  /** Where to go on after this batch, for a transport that can be told to. */
  readonly position?: string;
}

export interface Identity {
  readonly userId: string;
  readonly deviceId: string;
}

export interface TurnServers {
  readonly iceServers: readonly IceServer[];
  /** How long the credentials are good for, in seconds (P29). */
  readonly ttl: number;
}

/**
 * Events that the homeserver sends by itself after a while unless told otherwise (MSC4140): what hangs up for a tab that
 * has crashed (P34). Each is one attempt, and rejects as `Transport.send` does, but never with `not_in_room`.
 */
export interface DelayedEvents {
  /**
   * Resolves with the id of the event to be sent in `delay` ms. Rejects with `forbidden` where the homeserver cannot
   * delay it, or not for so long.
   */
  schedule(roomId: string, type: string, content: object, txnId: string, delay: number): Promise<string>;
  /** Begins the delay again. Resolves with false where the event does not wait: it was sent or cancelled, or is gone. */
  restart(id: string): Promise<boolean>;
  /** Resolves when the event does not wait, or no longer. */
  cancel(id: string): Promise<void>;
}

/**
 * Resolves with a new access token for the same device. Where it resolves with none, or with the one that was refused,
 * or rejects with a `TrunklineError` of code `unknown_token`, the login is over. Any other rejection is a failure, such
 * as of the network: requests fail with `homeserver_unreachable` meanwhile, and it is called again.
 */
export type TokenRefresh = () => Promise<string | null | undefined>;

/** A request to the homeserver, ready to be made as it is by a page that closes. */
export interface PreparedRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Transport {
  /**
   * Emits one batch per sync response. Subscribing starts the sync, unsubscribing stops it; one subscriber at a time.
   * Short failures are retried inside and show in `connected$`. Errors, for good, with `unknown_token`, `forbidden`,
   * what `identity()` rejects with for good, or `wrong_state` for a second subscriber or where the app's client does
   * not run. Never completes by itself.
   */
  readonly batches$: Observable<EventBatch>;
  /** Whether the last sync got through; emits the present value on subscription, then each change. */
  readonly connected$: Observable<boolean>;
  /**
   * Who we are. Rejects with `homeserver_unreachable`, `server_error`, `rate_limited` (worth another try);
   * `unknown_token`, `not_a_homeserver`, `invalid_option` where it is not who the options say, or `shared_device`
   * where a sync of ours would eat the messages of another client on the same device.
   */
  identity(): Promise<Identity>;
  /**
   * Sends one event, one attempt; resolves with its event id. The same `txnId` sends at most once (P30).
   * Rejects with `rate_limited` (and `retryAfter`), `homeserver_unreachable`, `server_error` (all worth another try),
   * `not_in_room`, `forbidden`, `event_too_large`, `unknown_token`, `room_encrypted` (none are).
   */
  send(roomId: string, type: string, content: object, txnId: string): Promise<string>;
  /**
   * The request that `send` would make, which is not made. Emits it on subscription and whenever it changes, as with a
   * new access token; undefined while there is none, such as in an encrypted room.
   */
  prepareSend?(
    roomId: string,
    type: string,
    content: object,
    txnId: string,
  ): Observable<PreparedRequest | undefined>;
  /** Absent where the homeserver cannot do it, as far as is known: see `DelayedEvents`. */
  delayed?(): Promise<DelayedEvents | undefined>;
  /** Fetches TURN servers, one attempt. Resolves with none and a ttl where the homeserver has none (P29). */
  turnServers(): Promise<TurnServers>;
}

// ---------------------------------------------------------------------------------------------------------------
// Seam 2: the signalling half.

/**
 * What the main thread asks of the engine. `again` marks a command that an engine which was lost may have carried out
 * already: it is then neither refused nor done twice, for its event keeps its transaction id (P30).
 */
export type Command =
  /**
   * A call is being prepared: no event is sent, but glare is decided from here on (P21). Where its invite is not made
   * within `lifetime`, the call ends.
   */
  | (CallRef & {
      readonly type: "place";
      readonly invitee?: string;
      readonly lifetime?: number;
      readonly again?: true;
    })
  | (CallRef & SessionDescription & { readonly type: "invite"; readonly again?: true })
  | (CallRef & SessionDescription & { readonly type: "answer"; readonly again?: true })
  /**
   * The user has accepted a ringing call here, and its devices are being opened: our other tabs stop ringing. Sends
   * nothing to the room.
   */
  | (CallRef & { readonly type: "claim" })
  /**
   * The devices of a call that was claimed, or that `replaces` one of ours, did not open: it rings on, in our other tabs
   * too. Sends nothing.
   */
  | (CallRef & { readonly type: "release" })
  /** A local candidate, as it is found. The engine decides what leaves when. */
  | (CallRef & { readonly type: "candidate"; readonly candidate: Candidate })
  | (CallRef & { readonly type: "streams"; readonly streams: readonly StreamInfo[] })
  /** A description of a call that goes on: an offer, or the answer to the peer's (P19). */
  | (CallRef & SessionDescription & { readonly type: "negotiate" })
  /**
   * Whether the media path of an answered call is alive, which is a matter of ICE consent, not of sound: a delayed hangup
   * does not end a call whose path is (P34). Makes no event; a call that is not known does not matter.
   */
  | (CallRef & { readonly type: "path"; readonly alive: boolean })
  | (CallRef & { readonly type: "transfer"; readonly transfer: Transfer })
  /** The answer to a transfer that the app did not allow, or that failed (P32). */
  | (CallRef & {
      readonly type: "refuse_transfer";
      readonly replacementId: string;
      readonly reason: "declined" | "failed_room_invite" | "failed_call_invite" | "failed_call";
    })
  | (CallRef & { readonly type: "reject"; readonly again?: true })
  | (CallRef & { readonly type: "hangup"; readonly reason: HangupReason; readonly again?: true });

/**
 * What the engine tells the main thread.
 *
 * `negotiable`: whether the peer speaks version 1 and has shown that it takes descriptions while the call goes on, by
 * stream metadata or capabilities (P19). Where it is not, a `negotiate` signal of the same call makes it so.
 */
export type Signal =
  /** A call rings. `remaining`: after how many ms, counted from when this is emitted, it stops by itself (P7). */
  | (CallRef &
      SessionDescription & {
        readonly type: "incoming";
        readonly peer: Party;
        readonly remaining: number;
        readonly capabilities: Capabilities;
        readonly version?: Version;
        readonly negotiable: boolean;
        /** Whether the room has more than two members, where calls do not belong (P13). */
        readonly groupRoom?: boolean;
        /**
         * Glare (P21): a call of ours in this room, which this one takes the place of. It is not to ring but to be
         * answered with the media that is open, as soon as it is; of the call that it replaces nothing more is emitted.
         */
        readonly replaces?: string;
      })
  /** A call that would ring but for a rule; `public_room` is P12. For display only: it cannot be answered. */
  | (CallRef & { readonly type: "ignored"; readonly peer: Party; readonly reason: "public_room" })
  /** The homeserver has our invite: from now on it may be ringing at the callee. */
  | (CallRef & { readonly type: "invited" })
  | (CallRef &
      SessionDescription & {
        readonly type: "answered";
        readonly peer: Party;
        readonly capabilities: Capabilities;
        readonly version?: Version;
        readonly negotiable: boolean;
      })
  | (CallRef & SessionDescription & { readonly type: "negotiate" })
  /** The peer's candidates, in order, never before its description. */
  | (CallRef & { readonly type: "candidates"; readonly candidates: readonly Candidate[] })
  /** The peer changed what it says of its streams (P25). */
  | (CallRef & { readonly type: "streams"; readonly streams: readonly StreamInfo[] })
  /** The peer asks us to call somebody else instead. Only ever from the peer of a call that is answered (P32). */
  | (CallRef & { readonly type: "transfer"; readonly transfer: Transfer })
  | (CallRef & { readonly type: "transfer_refused"; readonly replacementId: string; readonly reason: string })
  | (CallRef & { readonly type: "identity"; readonly identity: AssertedIdentity })
  /** The last signal of a call but for trace entries. */
  | (CallRef & { readonly type: "ended"; readonly end: End })
  | (CallRef & { readonly type: "trace"; readonly entry: TraceEntry });

/** Whether the engine works. `stopped` is for good; `error` says why where it was not asked to. */
export interface SignalingStatus {
  readonly state: "starting" | "online" | "reconnecting" | "stopped";
  readonly identity?: Identity;
  readonly error?: ErrorData;
}

/** What ends a call for its peer when the page closes. */
export interface FinalRequest extends CallRef, PreparedRequest {}

export interface SignalingHalf {
  /**
   * Hot: what was emitted before the subscription is gone. Errors once with the code for which the half cannot go on
   * (`unknown_token`, `shared_device`, `worker_lost`, …); completes on `close()`.
   */
  readonly signals$: Observable<Signal>;
  /** Emits the present status on subscription, then each change; completes after `stopped`. */
  readonly status$: Observable<SignalingStatus>;
  /**
   * Emits the final requests of all calls of this page that its closing has to end: those that were answered, or whose
   * invite may have been sent, until their last event is delivered; never of a call that only rings here. The present
   * list comes on subscription, once it is known, then each change. Completes with `signals$`, without an error.
   * Repeating the request is harmless: it has the transaction id of the event that ends the call.
   */
  readonly finalRequests$?: Observable<readonly FinalRequest[]>;
  /**
   * Emits the ICE servers in force on subscription (once there are any, or none for sure), then each refresh (P29).
   * Never emits any that have expired.
   * Errors and completes as `signals$` does.
   */
  readonly iceServers$: Observable<readonly IceServer[]>;
  /**
   * Resolves when the homeserver has the event that the command makes, or the call's end has made it pointless; at once
   * for `place`, `claim`, `release` and `path`, which make none, and for `candidate` and `streams`, which wait for
   * company. Rejects with a code of `Transport.send`, or `unknown_call`, `wrong_state`, `closed`, `worker_lost`,
   * `worker_failed`.
   */
  dispatch(command: Command): Promise<void>;
  /**
   * Stops sync and timers. Before that, as far as the homeserver can be reached within 2 s, the calls that we placed or
   * answered are hung up, and final events that wait to be sent leave; one that rings rings on at the user's other
   * devices (P48). What is unsent then rejects with `closed`.
   */
  close(): Promise<void>;
}

// ---------------------------------------------------------------------------------------------------------------
// What outlives an engine

/** A live call as its engine knows it: plain values, of which nobody else knows the inside. */
export interface RememberedCall extends CallRef {
  readonly state: unknown;
}

/** What an engine needs to go on where another was lost. */
export interface Memory {
  /** Of the last batch that was read to its end. */
  readonly position?: string;
  readonly calls: readonly RememberedCall[];
}

/** What is to be remembered from now on; a call without a state is to be forgotten. */
export type MemoryChange =
  | { readonly type: "position"; readonly position: string }
  | (CallRef & { readonly type: "call"; readonly state?: unknown });

// ---------------------------------------------------------------------------------------------------------------
// What happened when: see trace.ts

export type MilestoneName =
  | "place"
  | "media_opened"
  | "description_made"
  | "invite_acknowledged"
  | "ringing"
  /** The answer was made while it rang, devices off; or it was not, and is made once the user accepts. */
  | "prepared"
  | "unprepared"
  | "accept"
  | "answer_acknowledged"
  | "answer_received"
  | "ice_connected"
  | "connected"
  | "first_media"
  | "path_lost"
  | "ice_restarted"
  | "path_back"
  | "ended";

export interface Milestone {
  readonly name: MilestoneName;
  readonly at: number;
}

/** One line of a call's story: a milestone, or a message that left, came, or was dropped and why. */
export type TraceEntry =
  | (Milestone & { readonly kind: "milestone" })
  | {
      readonly kind: "message";
      readonly at: number;
      readonly direction: "sent" | "received" | "dropped";
      /** The Matrix event type. */
      readonly eventType: string;
      /** How many candidates the message held, in a list or inside its description; why it was dropped. */
      readonly note?: string;
    };
