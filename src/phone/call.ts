import type { Observable } from "rxjs";
import type {
  AssertedIdentity,
  CallRef,
  CallStats,
  CallStream,
  Capabilities,
  Capture,
  ChangeOptions,
  Channel,
  End,
  Held,
  Party,
  ScreenOptions,
  TraceEntry,
  Transfer,
} from "../streams/contract.ts";
import type { TrunklineError } from "../streams/errors.ts";

/**
 * - `preparing`: ours; devices and the offer are being made ready.
 * - `inviting`: ours; the invite is on its way to the homeserver.
 * - `ringing`: the homeserver has our invite, or theirs has come and waits for the user.
 * - `connecting`: accepted; no path to the peer yet.
 * - `connected`: media can flow.
 * - `reconnecting`: the path was lost and may come back.
 * - `ended`: for good; see `ended`.
 */
export type CallState =
  | "preparing"
  | "inviting"
  | "ringing"
  | "connecting"
  | "connected"
  | "reconnecting"
  | "ended";

export interface Muted {
  readonly audio: boolean;
  readonly video: boolean;
}

/** The kinds of media that a call was offered with; a camera that did not open is not among them. */
export interface Offers {
  readonly audio: boolean;
  readonly video: boolean;
}

/** How a call ended, with the error as an error. */
export interface CallEnd extends Omit<End, "error"> {
  readonly error?: TrunklineError;
}

/** Where to transfer a call: the user, and what MSC2747 says of the call that is to be (P32). */
export type TransferTo = Omit<Transfer, "replacementId">;

/** The peer asks us to talk to somebody else instead. Nothing happens unless the app says so (P32). */
export interface TransferRequest extends Transfer {
  /**
   * Calls the user in question, in the room they named, else in `roomId`; or takes the call that is announced: with
   * what the present call sends, and as it is muted; where that only listens, with a muted microphone. The present call
   * is put on hold, and hung up when the new one is connected. Throws `invalid_option` without a room. What cannot be
   * carried out is refused. Does nothing once it was accepted or refused, or the call has ended; nor does `refuse()`.
   */
  accept(options?: { readonly roomId?: string }): void;
  refuse(): void;
}

/**
 * A call. What its methods lead to shows in the streams, and in the end in `ended`. Once the call has ended they do
 * nothing, and every promise settles. One that rejects, as where a device is refused, may be left alone.
 *
 * Every stream emits its present value on subscription, where nothing else is said, then each change, and completes when
 * the call has ended. Whoever subscribes after that receives the last value: `ended` of `state$`, no streams, and the
 * others as they were.
 */
export interface Call<TStream = unknown> extends CallRef {
  /** Changes once where two calls cross and the peer's takes the place of ours (P21). */
  readonly callId: string;
  readonly direction: "outgoing" | "incoming";
  /** What the call was offered with, theirs or ours: `video` where it is a video call. */
  readonly offers: Offers;
  /** Whether the room has more than two members, where calls do not belong (P13). */
  readonly groupRoom: boolean;
  readonly state$: Observable<CallState>;
  /** Who is at the other end: theirs at once; ours the invitee, where there is one, and who answered from then on. */
  readonly peer$: Observable<Party | undefined>;
  /** What the peer can do, as far as it has said (P31). */
  readonly capabilities$: Observable<Capabilities>;
  /** Who a bridge says is at the other end, for display only (P33). */
  readonly identity$: Observable<AssertedIdentity>;
  /** What we send: none before the devices have opened, and none when the call has ended. */
  readonly localStreams$: Observable<readonly CallStream<TStream>[]>;
  /**
   * What the peer sends: none before there is a description of it, and none when the call has ended. Microphone and
   * camera come before a shared screen. Emits also when a track is added to a stream or removed, so the stream of an
   * emission may be the one before.
   */
  readonly remoteStreams$: Observable<readonly CallStream<TStream>[]>;
  /** What the app has muted, whether or not there is such a device. */
  readonly muted$: Observable<Muted>;
  readonly held$: Observable<Held>;
  /**
   * Emits what failed without ending the call, such as a camera that did not open, with the `kind` of the device and a
   * code of `answer()`. Late subscribers receive the last 20, also after the end.
   */
  readonly warnings$: Observable<TrunklineError>;
  /** Emits to each subscriber the peer's channels that are open, then each that the peer opens. */
  readonly channels$: Observable<Channel>;
  /** Emits each request of the peer to be transferred. Late subscribers receive the last, also after the end. */
  readonly transfers$: Observable<TransferRequest>;
  /** Emits about once a second while it is subscribed to and the call is connected; nothing to late subscribers. */
  readonly stats$: Observable<CallStats>;
  /**
   * The milestones of both halves and the messages, each with its time: the last 500 so far, then each. Completes when
   * the engine is done with the call, which may be after the end.
   */
  readonly trace$: Observable<TraceEntry>;
  /** Never rejects. */
  readonly ended: Promise<CallEnd>;
  /**
   * Accepts an incoming call with what `capture` names; nothing named is to listen and watch only. Resolves when the
   * homeserver has the answer.
   *
   * Where only the camera does not open, the call is answered with audio, and `warnings$` emits why. Where the microphone
   * does not, or whatever else is all that is asked for, it rejects with `media_denied`, `media_missing`, `media_busy` or
   * `media_failed` and the `kind` of the device, and the call rings on, in all tabs and devices: it may be answered again,
   * with the same or less. A microphone that fails once the answer has left is a warning. A permission prompt that nobody
   * answers keeps the call no longer than its invite is good for: then it ends with `user_media_failed` and an error of
   * code `media_denied`.
   *
   * Rejects with `closed` where the call ends before the homeserver has the answer, and with the code of the homeserver's
   * refusal, which ends the call. Does nothing unless the call is ringing; while an answer is being made, the promise is
   * that one's. It may be left alone. Throws `invalid_option`.
   */
  answer(capture: Capture): Promise<void>;
  /**
   * Declines an incoming call on all our devices (P16); `busy` says why (P17). Does nothing once it is answered.
   */
  reject(options?: { readonly busy?: boolean }): void;
  /** Ends the call: devices and connection at once, the peer as soon as the homeserver lets us. */
  hangup(): void;
  /** Mutes or unmutes what we send; a kind that is not named stays as it is. The peer is told (P25). */
  mute(muted: Partial<Muted>): void;
  /**
   * Adds, switches or ends our audio and video without a gap: `{ video: true }` adds the camera, `{ video: false }`
   * ends it, `{ audio: { deviceId } }` switches the microphone; a kind that is not named stays as it is. Rejects with
   * `media_denied` and the like, or with `wrong_state` where a kind is added and the call is not answered yet or the
   * peer cannot negotiate, `aborted` by the `signal`, or `closed` where the call has ended or ends meanwhile; then
   * nothing has changed. Throws `invalid_option`.
   */
  change(capture: Capture, options?: ChangeOptions): Promise<void>;
  /**
   * Shares the screen beside the camera; in its place where the peer cannot show both. Rejects as `change()` does, with
   * `wrong_state` also where there is no camera to take the place of.
   */
  shareScreen(options?: ScreenOptions): Promise<void>;
  stopSharing(): void;
  /**
   * Sends and plays nothing until `resume()`, which restores everything as it was: at once, also before the call is
   * answered. The peer is informed where and when it can be. Other calls are not touched.
   */
  hold(): void;
  /** Goes on; other calls of this phone are put on hold. */
  resume(): void;
  /** Sends keys (`0-9A-D#*,`). Throws `wrong_state` where there is no sound to send them with. */
  sendDtmf(keys: string): void;
  /**
   * Opens a channel for messages beside the media. Throws `closed` once the call has ended, and `wrong_state` where the
   * peer cannot negotiate and no channel was asked for before it answered.
   */
  openChannel(label: string): Channel;
  /**
   * Asks the peer to talk to somebody else instead (P32). Resolves when the homeserver has the request; rejects with
   * `wrong_state` where the peer cannot be transferred. What the peer refuses is told by `trace$`.
   */
  transfer(to: TransferTo): Promise<void>;
}
