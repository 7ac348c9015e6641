/**
 * The contract between the three parts of a call: the transport (a room's events), the signalling half (the
 * engine) and the media half (WebRTC). Everything a signalling half takes or gives is a flat, structured-cloneable
 * value, so that a port may lie anywhere between.
 *
 * Times are milliseconds on one base, `performance.timeOrigin + performance.now()`, unless a name says otherwise.
 * "Rejects with" means: with a `TrunklineError` of that code (see errors.ts).
 */
import type { Observable, SchedulerLike } from "rxjs";
import type { ErrorData } from "./errors.ts";

/** Where time comes from. `now()` is monotonic and on the common time base; see clock.ts. */
export type Clock = SchedulerLike;

// ---------------------------------------------------------------------------------------------------------------
// What a call is made of

/** A call belongs to one room (P40); its id alone names nothing. */
export interface CallRef {
  readonly roomId: string;
  readonly callId: string;
}

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
}

export interface IceServer {
  readonly urls: readonly string[];
  readonly username?: string;
  readonly credential?: string;
}

/** How a call ended. */
export interface End {
  /** `us`: this app. `peer`: the other user. `other_device`: our user, elsewhere. `system`: a timer or a failure. */
  readonly by: "us" | "peer" | "other_device" | "system";
  /** A hangup reason of P17, `rejected`, `answered_elsewhere`, or what an unknown peer called it. */
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
  /** Age in ms at `EventBatch.receivedAt`, by the homeserver's reckoning; untrusted (P8). */
  readonly age?: number;
  /** Whether the event travelled encrypted (P42). */
  readonly encrypted: boolean;
}

/** All events of one sync response. Within a room they are in order: state first, then timeline. */
export interface EventBatch {
  /** False for the first sync after the start: history, not news (P10). */
  readonly live: boolean;
  readonly receivedAt: number;
  readonly events: readonly RoomEvent[];
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

export interface Transport {
  /**
   * Emits one batch per sync response. Subscribing starts the sync, unsubscribing stops it; one subscriber at a time.
   * Short failures are retried inside and show in `connected$`. Errors, for good, with `unknown_token`, `forbidden`,
   * what `identity()` rejects with for good, or `wrong_state` for a second subscriber. Never completes by itself.
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
  /** Fetches TURN servers, one attempt. Resolves with none and a ttl where the homeserver has none (P29). */
  turnServers(): Promise<TurnServers>;
}

// ---------------------------------------------------------------------------------------------------------------
// Seam 2: the signalling half.

/** What the main thread asks of the engine. */
export type Command =
  /** A call is being prepared: no event is sent, but glare is decided from here on (P21). */
  | (CallRef & { readonly type: "place"; readonly invitee?: string; readonly lifetime?: number })
  | (CallRef & SessionDescription & { readonly type: "invite" })
  | (CallRef & SessionDescription & { readonly type: "answer" })
  /** A local candidate, as it is found. The engine decides what leaves when. */
  | (CallRef & { readonly type: "candidate"; readonly candidate: Candidate })
  | (CallRef & { readonly type: "streams"; readonly streams: readonly StreamInfo[] })
  | (CallRef & { readonly type: "reject" })
  | (CallRef & { readonly type: "hangup"; readonly reason: HangupReason });

/** What the engine tells the main thread. */
export type Signal =
  /** A call rings. `expiresAt` is when it will stop by itself (P7). */
  | (CallRef &
      SessionDescription & {
        readonly type: "incoming";
        readonly peer: Party;
        readonly expiresAt: number;
      })
  /** A call that would ring but for a rule; `public_room` is P12. For display only: it cannot be answered. */
  | (CallRef & { readonly type: "ignored"; readonly peer: Party; readonly reason: "public_room" })
  /** The homeserver has our invite: from now on it may be ringing at the callee. */
  | (CallRef & { readonly type: "invited" })
  | (CallRef & SessionDescription & { readonly type: "answered"; readonly peer: Party })
  /** The peer's candidates, in order, never before its description. */
  | (CallRef & { readonly type: "candidates"; readonly candidates: readonly Candidate[] })
  /** The peer changed what it says of its streams (P25). */
  | (CallRef & { readonly type: "streams"; readonly streams: readonly StreamInfo[] })
  /** The last signal of a call but for trace entries. */
  | (CallRef & { readonly type: "ended"; readonly end: End })
  | (CallRef & { readonly type: "trace"; readonly entry: TraceEntry });

/** Whether the engine works. `stopped` is for good; `error` says why where it was not asked to. */
export interface SignalingStatus {
  readonly state: "starting" | "online" | "reconnecting" | "stopped";
  readonly identity?: Identity;
  readonly error?: ErrorData;
}

export interface SignalingHalf {
  /**
   * Hot: what was emitted before the subscription is gone. Errors once with the code for which the half cannot go on
   * (`unknown_token`, `shared_device`, `worker_lost`, …); completes on `close()`.
   */
  readonly signals$: Observable<Signal>;
  /** Emits the present status on subscription, then each change; completes after `stopped`. */
  readonly status$: Observable<SignalingStatus>;
  /**
   * Emits the ICE servers in force on subscription (once there are any, or none for sure), then each refresh (P29).
   * Errors and completes as `signals$` does.
   */
  readonly iceServers$: Observable<readonly IceServer[]>;
  /**
   * Resolves when the homeserver has the event that the command makes; at once for `place`, and for `candidate` when
   * it is queued. Rejects with a code of `Transport.send`, or `unknown_call`, `wrong_state`, `closed`, `worker_lost`.
   */
  dispatch(command: Command): Promise<void>;
  /** Stops sync and timers. Live calls are hung up first, as far as the homeserver can be reached within 2 s. */
  close(): Promise<void>;
}

// ---------------------------------------------------------------------------------------------------------------
// Seam 3: the media half. `TStream` is the implementation's own media stream (a browser's `MediaStream`).

export interface AudioConstraints {
  readonly deviceId?: string;
  readonly echoCancellation?: boolean;
  readonly noiseSuppression?: boolean;
  readonly autoGainControl?: boolean;
}

export interface VideoConstraints {
  readonly deviceId?: string;
  readonly width?: number;
  readonly height?: number;
  /** Frames a second. */
  readonly frameRate?: number;
  readonly facingMode?: "user" | "environment";
}

/** What to open for a call. Absent means false. */
export interface Capture {
  readonly audio?: boolean | AudioConstraints;
  readonly video?: boolean | VideoConstraints;
}

export interface CallStream<TStream> extends StreamInfo {
  readonly stream: TStream;
}

/** The path to the peer: ICE and DTLS together. `failed` is for good unless ICE is restarted. */
export type PathState = "new" | "connecting" | "connected" | "disconnected" | "failed";

/** One call's media. Nothing is opened, and no packet leaves, before `offer()` or `answer()` (P45). */
export interface MediaSession<TStream = unknown> {
  /**
   * Opens devices and makes an offer; resolves once it is worth sending: it holds the candidates found quickly (P23).
   * Rejects with `media_denied`, `media_missing`, `media_busy`, `media_failed`, or `closed`.
   */
  offer(capture: Capture): Promise<SessionDescription>;
  /** The same for an answer to the peer's offer. */
  answer(offer: SessionDescription, capture: Capture): Promise<SessionDescription>;
  /** Takes the peer's answer to our offer. Rejects with `media_failed` or `closed`. */
  accept(answer: SessionDescription): Promise<void>;
  /** Takes the peer's candidates at any time; those that cannot be used yet are kept, bad ones are passed over. */
  addCandidates(candidates: readonly Candidate[]): void;
  /** Takes what the peer now says of its streams (P25, P27). */
  describeRemote(streams: readonly StreamInfo[]): void;
  /** Mutes or unmutes what we send. A kind not named stays as it is. Emits on `localStreams$`. */
  mute(muted: { readonly audio?: boolean; readonly video?: boolean }): void;
  /** Local candidates that no description held, with the end marker last. Buffered until the one subscriber comes. */
  readonly candidates$: Observable<Candidate>;
  /** Each emits the present value on subscription, then each change, and completes on `close()`. */
  readonly path$: Observable<PathState>;
  readonly localStreams$: Observable<readonly CallStream<TStream>[]>;
  readonly remoteStreams$: Observable<readonly CallStream<TStream>[]>;
  /** When a milestone was reached; buffered until the one subscriber comes. */
  readonly milestones$: Observable<Milestone>;
  /** Stops every track it opened and closes the connection. Pending promises reject with `closed`. */
  close(): void;
}

export interface MediaHalf<TStream = unknown> {
  /** Opens a session; `iceServers` is awaited only when the connection is made, beside the devices. */
  open(options: { readonly iceServers: Promise<readonly IceServer[]> }): MediaSession<TStream>;
}

// ---------------------------------------------------------------------------------------------------------------
// What happened when: see trace.ts

export type MilestoneName =
  | "place"
  | "media_opened"
  | "description_made"
  | "invite_acknowledged"
  | "ringing"
  | "accept"
  | "answer_acknowledged"
  | "answer_received"
  | "ice_connected"
  | "connected"
  | "first_media"
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
      /** How many candidates a candidates event held; why a message was dropped. */
      readonly note?: string;
    };
