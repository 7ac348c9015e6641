/** What a phone shows, as a pure function of what is known of it. */
import type { Call, CallEnd, CallState, CallStream, Muted, SignalingStatus, TrunklineError } from "trunkline";
import { endInWords, type Names, stateInWords, statusInWords } from "./words.ts";

export type ButtonName =
  | "placeVideo"
  | "placeVoice"
  | "acceptVideo"
  | "acceptVoice"
  | "reject"
  | "microphone"
  | "camera"
  | "hangup";

/** What is known of the call that is on. */
export interface CallFacts {
  readonly direction: Call["direction"];
  readonly state: CallState;
  readonly muted: Muted;
  readonly local: CallStream<MediaStream> | undefined;
  readonly remote: CallStream<MediaStream> | undefined;
  /** What failed last without ending the call. */
  readonly help?: TrunklineError | undefined;
}

export interface PhoneFacts {
  readonly status: SignalingStatus;
  readonly call?: CallFacts | undefined;
  /** How the last call ended. */
  readonly end?: CallEnd | undefined;
}

export interface Shown {
  /** `calling`: ours rings or is about to; `ringing`: theirs does. */
  readonly mood: "waiting" | "ready" | "calling" | "ringing" | "connecting" | "live" | "stopped";
  readonly headline: string;
  readonly help?: Pick<TrunklineError, "code" | "message">;
  readonly buttons: readonly ButtonName[];
  readonly muted: Muted;
  readonly local?: MediaStream;
  readonly remote?: MediaStream;
  /** Whether there is a picture of the peer to look at (P27). */
  readonly remotePicture: boolean;
  readonly localPicture: boolean;
  /** What the peer has turned off. */
  readonly peerMuted: Muted;
}

const NOT_MUTED: Muted = { audio: false, video: false };

export function show({ status, call, end }: PhoneFacts, names: Names): Shown {
  return call ? showCall(call, names) : showIdle(status, end, names);
}

function showIdle(status: SignalingStatus, end: CallEnd | undefined, names: Names): Shown {
  const ready = status.state === "online";
  const error = status.state === "stopped" ? status.error : end?.error;
  return {
    mood: ready ? "ready" : status.state === "stopped" ? "stopped" : "waiting",
    headline: ready && end ? endInWords(end, names) : statusInWords(status, names),
    ...(error && { help: error }),
    buttons: ready ? ["placeVideo", "placeVoice"] : [],
    muted: NOT_MUTED,
    peerMuted: NOT_MUTED,
    remotePicture: false,
    localPicture: false,
  };
}

function showCall({ direction, state, muted, local, remote, help }: CallFacts, names: Names): Shown {
  const live = state === "connected" || state === "reconnecting";
  const ringing = direction === "incoming" && state === "ringing";
  const hasCamera = Boolean(local?.stream.getVideoTracks().length);
  const hasPicture = live && Boolean(remote?.stream.getVideoTracks().length);
  return {
    mood: ringing ? "ringing" : live ? "live" : state === "connecting" ? "connecting" : "calling",
    headline: stateInWords(state, direction, names),
    ...(help && { help }),
    buttons: ringing
      ? ["acceptVideo", "acceptVoice", "reject"]
      : [...(local ? (["microphone"] as const) : []), ...(hasCamera ? (["camera"] as const) : []), "hangup"],
    muted,
    peerMuted: {
      audio: live && Boolean(remote?.audioMuted),
      video: hasPicture && Boolean(remote?.videoMuted),
    },
    ...(local && { local: local.stream }),
    ...(remote && { remote: remote.stream }),
    remotePicture: hasPicture && !remote?.videoMuted,
    localPicture: hasCamera && !muted.video,
  };
}
