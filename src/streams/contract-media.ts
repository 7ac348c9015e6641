/**
 * Seam 3: the media half. `TStream` is the implementation's own media stream (a browser's `MediaStream`). Times and
 * "rejects with" are as in contract.ts.
 */
import type { Observable } from "rxjs";
import type { Candidate, IceServer, Milestone, SessionDescription, StreamInfo } from "./contract.ts";
import type { TrunklineError } from "./errors.ts";

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

/** Who keeps the call on hold. */
export interface Held {
  readonly us: boolean;
  readonly peer: boolean;
}

/** What is used of an `AbortSignal`, which some runtimes' types do not have. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

export interface ChangeOptions {
  /** An abort rejects with `aborted` and changes nothing; what opens later is stopped. */
  readonly signal?: AbortSignalLike;
}

export interface ScreenOptions extends ChangeOptions {
  /** Whether its sound is shared too, where the browser can. */
  readonly audio?: boolean;
  /** Frames a second. */
  readonly frameRate?: number;
}

/** One kind's traffic in one direction, over the time since the last reading. */
export interface Flow {
  /** Bits a second. */
  readonly bitrate: number;
  /** The share of packets lost, 0 to 1; for what we send, as the peer tells. */
  readonly loss: number;
  /** ms. */
  readonly jitter?: number;
  /** Such as `opus` or `VP8`. */
  readonly codec?: string;
}

/** How good a call is, read from the connection. */
export interface CallStats {
  readonly at: number;
  /** There and back, ms. */
  readonly roundTrip?: number;
  readonly sent: { readonly audio?: Flow; readonly video?: Flow };
  readonly received: { readonly audio?: Flow; readonly video?: Flow };
  /** The candidate pair in use. `relayed`: by a TURN server on either side. */
  readonly path?: {
    readonly local: string;
    readonly remote: string;
    readonly protocol: string;
    readonly relayed: boolean;
  };
  /** The sound that comes in, 1 (bad) to 5 (excellent). */
  readonly score?: number;
}

/** A stream of messages beside the media; both sides see the same label. */
export interface Channel {
  readonly label: string;
  /** Emits each message; completes when the channel closes. */
  readonly messages$: Observable<string | ArrayBuffer>;
  /** Emits whether it is open, on subscription and on each change; completes when it closes. */
  readonly open$: Observable<boolean>;
  /** Throws `wrong_state` unless it is open. */
  send(message: string | ArrayBuffer): void;
  close(): void;
}

export interface OfferOptions {
  /**
   * Whether the offer is made only when the devices have opened. Default true; where not, it resolves without them,
   * and a refusal is told by `refused$`.
   */
  readonly waitForDevices?: boolean;
}

/** A peer's first description. */
export interface RemoteDescription extends SessionDescription {
  /**
   * Whether the peer takes descriptions while the call goes on (P19). Default true. Where not, none is emitted of the
   * session's own accord, until the peer sends one itself; hold is local, a shared screen takes the place of the camera, and
   * what else would need one is refused with `wrong_state`.
   */
  readonly negotiable?: boolean;
}

/** One call's media. No device is opened, and no packet leaves for the peer, before `offer()` or `answer()` (P45). */
export interface MediaSession<TStream = unknown> {
  /**
   * Opens devices and makes an offer; resolves once it is worth sending: it holds the candidates found quickly (P23).
   * The microphone is essential; where only the camera does not open, it goes on with the microphone, and `warnings$`
   * emits why. Rejects, with the `kind` of the device, with `media_denied`, `media_missing`, `media_busy`, `media_failed`, `invalid_option` where nothing is
   * asked for, `wrong_state` for a second description, `closed`, or as `iceServers$` does.
   */
  offer(capture: Capture, options?: OfferOptions): Promise<SessionDescription>;
  /**
   * Makes the answer and gathers its candidates while it rings, so that `answer()` need not. Devices stay off, and the
   * peer's candidates, those inside its offer too, are held back: nothing is sent to the peer (P45). Resolves when
   * the answer is worth sending. Rejects with `media_failed`, `wrong_state` for a session that has begun, `closed`, or
   * as `iceServers$` does; `answer()` then makes the answer itself.
   */
  prepare(offer: RemoteDescription): Promise<void>;
  /** Lets go of what was prepared, connection and all; `answer()` then makes the answer itself. */
  unprepare(): void;
  /**
   * The same as `offer()` for an answer to the peer's offer. Where it rejects, everything that was opened is closed, and
   * it may be tried again. Where an offer of our own was made or is being made, it
   * lost to glare (P21): it is rolled back, pending `offer()` rejects with `closed`, and the devices that are open are
   * used again, whatever `capture` says.
   *
   * After `prepare()` of this offer it resolves at once, before the devices have opened: a refusal is told by
   * `refused$`. Our stream is then listed with every kind that was offered, those that are not asked for as muted
   * (P25): adding one later needs no negotiation. Where the peer lists no streams, and so could not be told, and less
   * is asked for than was offered, what was prepared is let go.
   */
  answer(offer: RemoteDescription, capture: Capture): Promise<SessionDescription>;
  /** Takes the peer's answer to our offer. Rejects with `media_failed` or `closed`. */
  accept(answer: RemoteDescription): Promise<void>;
  /** Takes the peer's candidates at any time; those that cannot be used yet are kept, bad ones are passed over. */
  addCandidates(candidates: readonly Candidate[]): void;
  /** Takes what the peer now says of its streams (P25, P27). */
  describeRemote(streams: readonly StreamInfo[]): void;
  /**
   * Descriptions to send while the call goes on (P19): offers as they become necessary, answers to the peer's. Emits
   * nothing before the first offer has been answered; what changed meanwhile is offered then. An offer that is not
   * answered within 60 s is taken back, and another emitted.
   */
  readonly negotiations$: Observable<SessionDescription>;
  /**
   * Takes the peer's description while the call goes on. Of two offers that cross, the one of the side that answered
   * the call gives way (P20). Rejects with `media_failed` for one that cannot be used, which changes nothing.
   */
  negotiate(theirs: SessionDescription): Promise<void>;
  /** Mutes or unmutes what we send. A kind not named stays as it is. Emits on `localStreams$`. */
  mute(muted: { readonly audio?: boolean; readonly video?: boolean }): void;
  /**
   * Changes what we send from our devices: a kind that is asked for is opened, or switched to the device and settings
   * named without a gap (the new track first, the old one stopped after); one that is `false` ends, its device stopped;
   * one not named stays. Resolves when this side has changed: what the peer has to be told of it is offered as soon as it
   * can be. Rejects as `offer()` does, or with `aborted`, or with `wrong_state` where a kind that is added would need a
   * negotiation and the peer does not negotiate; then nothing has changed.
   */
  change(capture: Capture, options?: ChangeOptions): Promise<void>;
  /**
   * Shares the screen, as a stream of its own beside the camera; to a peer that lists no streams, or does not negotiate, in
   * place of the camera and without sound. Resolves and rejects as `change()` does, with `wrong_state` also before the answer
   * to our offer has come.
   */
  shareScreen(options?: ScreenOptions): Promise<void>;
  /**
   * Ends the sharing; so does the user, by the browser's own button. While the user is still choosing what to share,
   * `shareScreen()` rejects with `aborted`. Does nothing where nothing is shared.
   */
  stopSharing(): void;
  /**
   * Sends nothing and plays nothing, or as before: at once, and in every state. The peer is informed by a negotiation
   * once there can be one, and a peer that does not negotiate never; resuming restores each direction exactly.
   */
  hold(on: boolean): void;
  /**
   * Asks for a new path to the peer, by the newest servers, also where the peer may not negotiate; the outcome shows in
   * `path$`. Where an offer of ours waits for its answer, another takes its place at once if the peer names what it answers,
   * and else in a minute.
   */
  restartIce(): void;
  /** Sends keys (`0-9A-D#*,`). Throws `wrong_state` where there is no sound to send them with. */
  sendDtmf(keys: string): void;
  /**
   * Opens a channel to the peer, which sees it in its `channels$`. Needs a negotiation the first time: throws `wrong_state`
   * where the peer takes none.
   */
  openChannel(label: string): Channel;
  /**
   * Emits to each subscriber the peer's channels that are open, then each that the peer opens. It may have 64 open at
   * once: one more is closed. Completes on `close()`, which closes them all.
   */
  readonly channels$: Observable<Channel>;
  /** Local candidates that no description held, with the end marker last. Buffered until the one subscriber comes. */
  readonly candidates$: Observable<Candidate>;
  /**
   * Each emits the present value on subscription, then each change, and completes on `close()`; the streams emit an
   * empty list before. A change of streams is also a track that is added to one or removed. They are in the order of
   * their purposes, microphone and camera first. A kind of which a stream has no track counts as muted.
   */
  readonly path$: Observable<PathState>;
  readonly held$: Observable<Held>;
  readonly localStreams$: Observable<readonly CallStream<TStream>[]>;
  readonly remoteStreams$: Observable<readonly CallStream<TStream>[]>;
  /** Emits about once a second while it is subscribed to and there is a connection. Completes on `close()`. */
  readonly stats$: Observable<CallStats>;
  /**
   * Emits what failed without ending the call, such as a camera that did not open or a microphone that was unplugged,
   * with the `kind` of the device. Buffered until the one subscriber comes; completes on `close()`.
   */
  readonly warnings$: Observable<TrunklineError>;
  /**
   * Emits why the devices did not open that a description which is out promised; the call cannot go on. Buffered until
   * the one subscriber comes; completes on `close()`.
   */
  readonly refused$: Observable<TrunklineError>;
  /** When a milestone was reached; buffered until the one subscriber comes. */
  readonly milestones$: Observable<Milestone>;
  /** Stops every track it opened and closes the connection. Pending promises reject with `closed`. */
  close(): void;
}

export interface MediaHalf<TStream = unknown> {
  /**
   * Opens a session. The first of `iceServers$` is awaited only when the connection is made, beside the devices; none
   * where it completes without. Followed until `close()`: whatever gathers next, on our side's wish or the peer's, uses
   * the newest.
   */
  open(options: { readonly iceServers$: Observable<readonly IceServer[]> }): MediaSession<TStream>;
  /**
   * Keeps one connection ready, certificate and candidates, with the servers in force, for the next session that
   * opens; another is made when that session is connected or closed, and when the servers change. Absent where there
   * is nothing to gain. `close()` of what it returns ends it.
   */
  warm?(iceServers$: Observable<readonly IceServer[]>): { close(): void };
}
