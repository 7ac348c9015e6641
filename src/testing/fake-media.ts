import { realClock } from "../streams/clock.ts";
import type { Clock, MediaHalf } from "../streams/contract.ts";
import type { ErrorCode } from "../streams/errors.ts";
import { FakeSession } from "./fake-session.ts";

export interface FakeTrack {
  readonly kind: "audio" | "video";
  enabled: boolean;
  readyState: "live" | "ended";
}

export interface FakeStream {
  readonly id: string;
  readonly tracks: readonly FakeTrack[];
}

export interface FakeMediaOptions {
  /** Times candidates, the path and milestones; offers and answers take no time. Default: real time. */
  readonly clock?: Clock;
}

/** A media half without media, and what a test wants to ask of it or do to it. */
export interface FakeMedia extends MediaHalf<FakeStream> {
  /** How many sessions are not closed. */
  readonly openSessions: number;
  /** How many of them have made their connection: none does before its offer or answer (P45). */
  readonly openConnections: number;
  /** How many tracks were opened and are not stopped. */
  readonly liveTracks: number;
  /** From now on devices refuse with this code; without one they open again. */
  refuseDevices(code?: ErrorCode): void;
  /** Moves the path of every session that has made its connection. */
  setPath(state: "connected" | "disconnected" | "failed"): void;
}

/**
 * A `MediaHalf` that runs anywhere, without WebRTC. Two of its sessions, of one half or of two in the same process,
 * connect when each has the other's description and one knows a candidate of the other. Under a virtual clock the
 * course of a call is always the same.
 */
export function fakeMedia({ clock = realClock }: FakeMediaOptions = {}): FakeMedia {
  const sessions = new Set<FakeSession>();
  const tracks: FakeTrack[] = [];
  let refusal: ErrorCode | undefined;
  return {
    open({ iceServers }) {
      const session = new FakeSession({
        clock,
        iceServers,
        refusal: () => refusal,
        onOpened: (opened) => tracks.push(...opened),
        onClosed: () => sessions.delete(session),
      });
      sessions.add(session);
      return session;
    },
    get openSessions() {
      return sessions.size;
    },
    get openConnections() {
      return [...sessions].filter((session) => session.hasConnection).length;
    },
    get liveTracks() {
      return tracks.filter((track) => track.readyState === "live").length;
    },
    refuseDevices(code) {
      refusal = code;
    },
    setPath(state) {
      for (const session of sessions) session.setPath(state);
    },
  };
}
