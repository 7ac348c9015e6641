import { realClock } from "../streams/clock.ts";
import type { Clock, IceServer, MediaHalf } from "../streams/contract.ts";
import type { ErrorCode } from "../streams/errors.ts";
import { FakeSession } from "./fake-session.ts";
import { KINDS } from "./fake-streams.ts";

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
  /** Times candidates, the path, statistics and messages; descriptions take no time. Default: real time. */
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
  /** How many sessions send the microphone, or will once they are connected: it is open, and they do not hold (P47). */
  readonly sendingMicrophones: number;
  /**
   * From now on devices and screens refuse with this code, or only those of the kind that is named (a screen is of
   * `video`); without a code they open again.
   */
  refuseDevices(code?: ErrorCode, kind?: FakeTrack["kind"]): void;
  /**
   * Unplugs the microphone (`audio`) or the camera of every session: it ends, and none opens until another is plugged
   * in, which the sessions then use.
   */
  unplug(kind: FakeTrack["kind"]): void;
  plugIn(kind: FakeTrack["kind"]): void;
  /** The system mutes the devices of a kind, those that open later too, or no longer. */
  muteDevices(kind: FakeTrack["kind"], muted: boolean): void;
  /** Whether the user is asked before devices and screens open, and has not answered yet. Default false. */
  holdPrompts(held: boolean): void;
  /** Whether only one camera can be open at a time, as on most phones: another is `media_busy`. Default false. */
  limitCameras(limited: boolean): void;
  /**
   * Whether devices are known to open, as where they are allowed: a prepared answer then leaves at once, and else when they
   * have opened. Default true.
   */
  knowDevices(known: boolean): void;
  /** The ICE servers that were the newest at each gathering of its sessions, in order. */
  readonly gatherings: readonly (readonly IceServer[])[];
  /** The keys that its sessions sent, in order. */
  readonly keysSent: string;
  /**
   * Moves the path of every session that has made its connection. A path that was lost comes back 10 ms after both
   * sides have the descriptions of an ICE restart, unless `mendPaths(false)` was said.
   */
  setPath(state: "connected" | "disconnected" | "failed"): void;
  /** Whether ICE restarts bring lost paths back, from now on; at first they do. */
  mendPaths(mend: boolean): void;
  /** Ends the sharing of every session's screen, as the user does by the browser's own button. */
  endScreens(): void;
}

/**
 * A `MediaHalf` that runs anywhere, without WebRTC. Two of its sessions, of one half or of two in the same process,
 * connect when each has the other's description and one knows a candidate of the other. Under a virtual clock the
 * course of a call is always the same.
 */
export function fakeMedia({ clock = realClock }: FakeMediaOptions = {}): FakeMedia {
  const sessions = new Set<FakeSession>();
  const tracks: FakeTrack[] = [];
  const gatherings: (readonly IceServer[])[] = [];
  const refusals = new Map<FakeTrack["kind"], ErrorCode>();
  let mends = true;
  let limited = false;
  const cameras: FakeTrack[] = [];
  let prompt: { readonly done: Promise<void>; readonly answer: () => void } | undefined;
  let known = true;
  const silenced = new Set<FakeTrack["kind"]>();
  let keysSent = "";
  return {
    open({ iceServers$ }) {
      const session = new FakeSession({
        clock,
        iceServers$,
        refusal: (kind) => refusals.get(kind),
        isSilent: (kind) => silenced.has(kind),
        isCameraBusy: (own) =>
          limited && cameras.some((camera) => camera !== own && camera.readyState === "live"),
        prompt: () => prompt?.done,
        knowsDevices: () => known,
        mends: () => mends,
        onKeys: (keys) => {
          keysSent += keys;
        },
        onGather: (servers) => gatherings.push(servers),
        onOpened(purpose, opened) {
          tracks.push(...opened);
          if (purpose === "m.usermedia") cameras.push(...opened.filter(({ kind }) => kind === "video"));
        },
        onClosed: () => sessions.delete(session),
      });
      sessions.add(session);
      return session;
    },
    gatherings,
    get openSessions() {
      return sessions.size;
    },
    get openConnections() {
      return [...sessions].filter((session) => session.hasConnection).length;
    },
    get liveTracks() {
      return tracks.filter((track) => track.readyState === "live").length;
    },
    get sendingMicrophones() {
      return [...sessions].filter((session) => session.sendsMicrophone).length;
    },
    get keysSent() {
      return keysSent;
    },
    refuseDevices(code, kind) {
      for (const each of kind ? [kind] : KINDS) {
        if (code) refusals.set(each, code);
        else refusals.delete(each);
      }
    },
    unplug(kind) {
      refusals.set(kind, "media_missing");
      for (const session of sessions) session.lose(kind);
    },
    plugIn(kind) {
      refusals.delete(kind);
      for (const session of sessions) session.recover(kind);
    },
    muteDevices(kind, muted) {
      if (muted) silenced.add(kind);
      else silenced.delete(kind);
      for (const session of sessions) session.show();
    },
    holdPrompts(held) {
      prompt?.answer();
      prompt = undefined;
      let answer = () => {};
      const done = new Promise<void>((resolve) => {
        answer = resolve;
      });
      if (held) prompt = { done, answer };
    },
    limitCameras(limit) {
      limited = limit;
    },
    knowDevices(isKnown) {
      known = isKnown;
    },
    setPath(state) {
      for (const session of sessions) session.setPath(state);
    },
    mendPaths(mend) {
      mends = mend;
    },
    endScreens() {
      for (const session of sessions) session.stopSharing();
    },
  };
}
