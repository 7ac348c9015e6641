import type { Observable } from "rxjs";
import type { CallRef, CallStream, Capture, End, Party, TraceEntry } from "../streams/contract.ts";
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

/** How a call ended, with the error as an error. */
export interface CallEnd extends Omit<End, "error"> {
  readonly error?: TrunklineError;
}

/**
 * A call. Its methods never throw for what became of the call meanwhile, and return nothing to await: what they lead
 * to is told by the streams, and the last of it by `ended`. Every stream emits its present value on subscription,
 * then each change, and completes when the call has ended.
 */
export interface Call<TStream = unknown> extends CallRef {
  readonly direction: "outgoing" | "incoming";
  readonly state$: Observable<CallState>;
  /** Who is at the other end: theirs at once, ours from the answer on. */
  readonly peer$: Observable<Party | undefined>;
  readonly localStreams$: Observable<readonly CallStream<TStream>[]>;
  readonly remoteStreams$: Observable<readonly CallStream<TStream>[]>;
  readonly muted$: Observable<Muted>;
  /** The call's story so far, then as it goes on: milestones of both halves and messages, each with its time. */
  readonly trace$: Observable<TraceEntry>;
  /** Never rejects. */
  readonly ended: Promise<CallEnd>;
  /**
   * Accepts an incoming call with what `capture` names; nothing named is to listen and watch only. Does nothing
   * unless the call is ringing. Throws `invalid_option`.
   */
  answer(capture: Capture): void;
  /** Declines an incoming call on all our devices (P16). Does nothing unless it is ringing. */
  reject(): void;
  /** Ends the call: devices and connection at once, the peer as soon as the homeserver lets us. */
  hangup(): void;
  /** Mutes or unmutes what we send; a kind that is not named stays as it is. The peer is told (P25). */
  mute(muted: Partial<Muted>): void;
}
