/** What happens, in words for people. */
import type { CallEnd, CallState, SignalingStatus } from "trunkline";

export interface Names {
  readonly us: string;
  readonly peer: string;
}

export function stateInWords(state: CallState, direction: "outgoing" | "incoming", { peer }: Names): string {
  switch (state) {
    case "preparing":
      return "Opening camera and microphone…";
    case "inviting":
      return `Calling ${peer}…`;
    case "ringing":
      return direction === "incoming" ? `${peer} is calling` : `Ringing ${peer}…`;
    case "connecting":
      return "Connecting…";
    case "connected":
      return "In call";
    case "reconnecting":
      return "Connection lost, trying to get it back…";
    case "ended":
      return "Call ended";
  }
}

export function statusInWords({ state }: SignalingStatus, { peer }: Names): string {
  switch (state) {
    case "starting":
      return "Connecting to the homeserver…";
    case "online":
      return `Ready to call ${peer}`;
    case "reconnecting":
      return "The homeserver is out of reach, trying again…";
    case "stopped":
      return "Not connected";
  }
}

export function endInWords({ by, reason }: CallEnd, { peer }: Names): string {
  const reasons: Readonly<Record<string, string>> = {
    invite_timeout: "Nobody answered",
    ice_failed: "No way to the other side was found",
    ice_timeout: "The connection was lost",
    user_media_failed:
      by === "peer" ? `${peer}’s camera or microphone failed` : "Camera or microphone failed",
    user_busy: `${peer} is busy`,
    answered_elsewhere: "Answered on another device",
  };
  if (reason === "rejected") return by === "us" ? "You declined the call" : `${peer} declined the call`;
  if (Object.hasOwn(reasons, reason)) return reasons[reason] ?? "";
  if (by === "us") return "You ended the call";
  return by === "peer" ? `${peer} ended the call` : "The call failed";
}

/** How long a call lasts, as `1:05`. */
export function duration(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
}
