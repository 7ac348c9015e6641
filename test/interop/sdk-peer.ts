/**
 * matrix-js-sdk's own calls, by the interface of peer.ts: `MatrixClient` and its `MatrixCall`, of every version since 9.
 * Events go by their names, which stayed; what a version lacks, sdk-versions.ts lists.
 */
import { createClient, createNewMatrixCall, type MatrixClient } from "matrix-js-sdk";
import { logger } from "matrix-js-sdk/lib/logger.js";
import type { PagePeer } from "./peer.ts";
import { holdDevices, leftOpen, pictures, receiving } from "./watch.ts";

/** What all versions have in common. */
interface SdkCall {
  readonly callId: string;
  readonly state: string;
  readonly hangupParty?: string;
  readonly hangupReason?: string;
  on(event: string, listener: (value: never) => void): unknown;
  removeListener(event: string, listener: (value: never) => void): unknown;
  placeVoiceCall(): Promise<void>;
  placeVideoCall(): Promise<void>;
  /** Before version 15 it takes no arguments: it answers with what was offered. */
  answer(audio: boolean, video: boolean): Promise<void>;
  reject(): void;
  hangup(reason: string, suppressEvent: boolean): void;
  setMicrophoneMuted(muted: boolean): unknown;
  setLocalVideoMuted(muted: boolean): unknown;
  setRemoteOnHold(on: boolean): unknown;
  isLocalOnHold(): boolean;
  setScreensharingEnabled?(on: boolean): Promise<boolean>;
  getRemoteFeeds?(): readonly Feed[];
  /** Version 9, which plays one stream, and fails where it has nothing to play it by. */
  setRemoteAudioElement?(element: HTMLAudioElement): Promise<void>;
  readonly remoteStream?: MediaStream | null;
}

interface Feed {
  readonly purpose: string;
  isAudioMuted(): boolean;
  isVideoMuted(): boolean;
}

type Listen = (event: string, listener: (...values: never[]) => void) => void;

const calls = new Map<string, SdkCall>();
const waiting = new Map<string, () => void>();
const lines: string[] = [];
let client: MatrixClient;

const log = (...words: readonly string[]) => lines.push([Math.round(performance.now()), ...words].join(" "));

/** An event's content, with only the media lines of its SDP. */
const brief = (content: object): string =>
  JSON.stringify(content, (key, value) =>
    key === "sdp" ? value.match(/^(m=\w+|a=(send|recv|inactive)\w*|a=m(id|sid):.*)/gm).join(" ") : value,
  );

function keep(call: SdkCall): void {
  calls.set(call.callId, call);
  void call.setRemoteAudioElement?.(new Audio());
  call.on("state", (state: string) => log(call.callId, state));
  call.on("error", (error: { code: string; message: string }) =>
    log(call.callId, `error ${error.code}: ${error.message}`),
  );
  // Glare: theirs takes the place of ours.
  call.on("replaced", (successor: SdkCall) => keep(successor));
  waiting.get(call.callId)?.();
}

function callOf(id: string): SdkCall {
  const call = calls.get(id);
  if (!call) throw new Error(`there is no call ${id}`);
  return call;
}

/** Resolves with the first state that is one of these. */
function reaches(call: SdkCall, ...wanted: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    const look = () => {
      if (!wanted.includes(call.state)) return;
      call.removeListener("state", look);
      resolve(call.state);
    };
    call.on("state", look);
    look();
  });
}

/** `prepare` is done with the client before it is started. */
export const sdkPeer = (prepare: (client: MatrixClient) => Promise<void> = async () => {}): PagePeer => ({
  async start({ homeserver, userId, deviceId, accessToken }) {
    client = createClient({ baseUrl: homeserver, userId, deviceId, accessToken });
    const on = client.on.bind(client) as Listen;
    on("Call.incoming", keep);
    const prepared = new Promise<void>((resolve) => {
      on("sync", (state: string) => state === "PREPARED" && resolve());
    });
    on("Room.timeline", (event: { getType(): string; getSender(): string; getContent(): object }) => {
      if (event.getType().includes(".call.")) {
        log(event.getSender(), event.getType(), brief(event.getContent()));
      }
    });
    await prepare(client);
    // To early versions that is the limit of every sync: what exceeds it they never read.
    await client.startClient({ initialSyncLimit: 20 });
    await prepared;
  },

  place({ roomId, invitee, video }) {
    const call = createNewMatrixCall(client, roomId, { invitee }) as unknown as SdkCall | null;
    if (!call) throw new Error("matrix-js-sdk says that this browser cannot call");
    keep(call);
    void (video ? call.placeVideoCall() : call.placeVoiceCall());
    return call.callId;
  },
  async rings(id) {
    await new Promise<void>((resolve) => {
      waiting.set(id, resolve);
      if (calls.has(id)) resolve();
    });
    // Early versions announce a call before they have read its offer.
    await reaches(callOf(id), "ringing", "ended");
  },
  answer: (id, { video }) => callOf(id).answer(true, video),
  reject: (id) => callOf(id).reject(),
  hangup: (id) => callOf(id).hangup("user_hangup", false),
  connects: (id) => reaches(callOf(id), "connected", "ended"),
  async ends(id) {
    const call = callOf(id);
    await reaches(call, "ended");
    return { by: call.hangupParty === "local" ? "us" : "peer", reason: call.hangupReason ?? "none" };
  },
  async mute(id, { audio, video }) {
    if (audio !== undefined) await callOf(id).setMicrophoneMuted(audio);
    if (video !== undefined) await callOf(id).setLocalVideoMuted(video);
  },
  hold: async (id, on) => void (await callOf(id).setRemoteOnHold(on)),
  isHeld: (id) => callOf(id).isLocalOnHold(),
  // Its `upgradeCall` is private: this is how an app gets there.
  addVideo: async (id) => void (await callOf(id).setLocalVideoMuted(false)),
  shareScreen: async (id, on) => void (await callOf(id).setScreensharingEnabled?.(on)),
  sees(id) {
    const call = callOf(id);
    if (!call.getRemoteFeeds) {
      const videoMuted = !call.remoteStream?.getVideoTracks().length;
      return call.remoteStream ? [{ purpose: "m.usermedia", audioMuted: false, videoMuted }] : [];
    }
    return call.getRemoteFeeds().map((feed) => ({
      purpose: feed.purpose,
      audioMuted: feed.isAudioMuted(),
      videoMuted: feed.isVideoMuted(),
    }));
  },
  live: () => [...calls.values()].filter(({ state }) => state !== "ended").map(({ callId }) => callId),
  receiving,
  pictures,
  holdDevices,
  leftOpen,
  log: () => lines.splice(0),
});

for (const level of ["debug", "info", "warn", "error"] as const) {
  logger[level] = (...words: unknown[]) => {
    const line = words.map(String).join(" ");
    if (!line.startsWith("FetchHttpApi")) log(level, line.slice(0, 300));
  };
}
