/** matrix-js-sdk's own phone, in the words of peer.ts: `MatrixClient` and its `MatrixCall`. */
import {
  ClientEvent,
  createClient,
  createNewMatrixCall,
  type MatrixClient,
  RoomEvent,
  SyncState,
} from "matrix-js-sdk";
import { logger } from "matrix-js-sdk/lib/logger.js";
import { CallErrorCode, CallEvent, CallState, type MatrixCall } from "matrix-js-sdk/lib/webrtc/call.js";
import { CallEventHandlerEvent } from "matrix-js-sdk/lib/webrtc/callEventHandler.js";
import type { PagePeer } from "./peer.ts";
import { holdDevices, leftOpen, receiving } from "./watch.ts";

const calls = new Map<string, MatrixCall>();
const waiting = new Map<string, () => void>();
const story: string[] = [];
let client: MatrixClient;

const tell = (...words: readonly string[]) => story.push([Math.round(performance.now()), ...words].join(" "));

/** An event's content, with only the media lines of its SDP. */
const brief = (content: object): string =>
  JSON.stringify(content, (key, value) =>
    key === "sdp" ? value.match(/^(m=\w+|a=(send|recv|inactive)\w*|a=m(id|sid):.*)/gm).join(" ") : value,
  );

function keep(call: MatrixCall): void {
  calls.set(call.callId, call);
  call.on(CallEvent.State, (state) => tell(call.callId, state));
  call.on(CallEvent.Error, (error) => tell(call.callId, `error ${error.code}: ${error.message}`));
  // Glare: theirs takes the place of ours.
  call.on(CallEvent.Replaced, (successor) => keep(successor));
  waiting.get(call.callId)?.();
}

function callOf(id: string): MatrixCall {
  const call = calls.get(id);
  if (!call) throw new Error(`there is no call ${id}`);
  return call;
}

/** Resolves with the first state that is one of these. */
function reaches(call: MatrixCall, ...wanted: readonly CallState[]): Promise<CallState> {
  return new Promise((resolve) => {
    const look = () => {
      if (!wanted.includes(call.state)) return;
      call.off(CallEvent.State, look);
      resolve(call.state);
    };
    call.on(CallEvent.State, look);
    look();
  });
}

/** `prepare` is done with the client before it is started. */
export const sdkPeer = (prepare: (client: MatrixClient) => Promise<void> = async () => {}): PagePeer => ({
  async start({ homeserver, userId, deviceId, accessToken }) {
    client = createClient({ baseUrl: homeserver, userId, deviceId, accessToken });
    client.on(CallEventHandlerEvent.Incoming, keep);
    const prepared = new Promise<void>((resolve) => {
      client.on(ClientEvent.Sync, (state) => state === SyncState.Prepared && resolve());
    });
    client.on(RoomEvent.Timeline, (event) => {
      if (event.getType().includes(".call.")) {
        tell(event.getSender() ?? "", event.getType(), brief(event.getContent()));
      }
    });
    await prepare(client);
    await client.startClient({ initialSyncLimit: 1 });
    await prepared;
  },

  place({ roomId, invitee, video }) {
    const call = createNewMatrixCall(client, roomId, { invitee });
    if (!call) throw new Error("matrix-js-sdk says that this browser cannot call");
    keep(call);
    void (video ? call.placeVideoCall() : call.placeVoiceCall());
    return call.callId;
  },
  rings: (id) =>
    new Promise((resolve) => {
      waiting.set(id, resolve);
      if (calls.has(id)) resolve();
    }),
  answer: (id, { video }) => callOf(id).answer(true, video),
  reject: (id) => callOf(id).reject(),
  hangup: (id) => callOf(id).hangup(CallErrorCode.UserHangup, false),
  connects: (id) => reaches(callOf(id), CallState.Connected, CallState.Ended),
  async ends(id) {
    const call = callOf(id);
    await reaches(call, CallState.Ended);
    return { by: call.hangupParty === "local" ? "us" : "peer", reason: call.hangupReason ?? "none" };
  },
  async mute(id, { audio, video }) {
    if (audio !== undefined) await callOf(id).setMicrophoneMuted(audio);
    if (video !== undefined) await callOf(id).setLocalVideoMuted(video);
  },
  hold: (id, on) => callOf(id).setRemoteOnHold(on),
  isHeld: (id) => callOf(id).isLocalOnHold(),
  // Its `upgradeCall` is private: this is how an app gets there.
  addVideo: async (id) => void (await callOf(id).setLocalVideoMuted(false)),
  shareScreen: async (id, on) => void (await callOf(id).setScreensharingEnabled(on)),
  sees: (id) =>
    callOf(id)
      .getRemoteFeeds()
      .map((feed) => ({
        purpose: feed.purpose,
        audioMuted: feed.isAudioMuted(),
        videoMuted: feed.isVideoMuted(),
      })),
  live: () =>
    [...calls.values()].filter(({ state }) => state !== CallState.Ended).map(({ callId }) => callId),
  receiving,
  holdDevices,
  leftOpen,
  log: () => story.splice(0),
});

for (const level of ["debug", "info", "warn", "error"] as const) {
  logger[level] = (...words: unknown[]) => {
    const line = words.map(String).join(" ");
    if (!line.startsWith("FetchHttpApi")) tell(level, line.slice(0, 300));
  };
}
