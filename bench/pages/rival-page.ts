/** matrix-js-sdk's phone: `MatrixClient` without encryption, set up for calls as Element Web does, and its `MatrixCall`. */
import { ClientEvent, createClient, createNewMatrixCall, type MatrixClient, SyncState } from "matrix-js-sdk";
import { logger } from "matrix-js-sdk/lib/logger.js";
import { CallErrorCode, CallEvent, CallState, type MatrixCall } from "matrix-js-sdk/lib/webrtc/call.js";
import { CallEventHandlerEvent } from "matrix-js-sdk/lib/webrtc/callEventHandler.js";
import type { BenchCall } from "../../src/bench/call-end.ts";
import { benchPage, noteRequest } from "./phone-page.ts";
import { watchRequests } from "./requests.ts";

let client: MatrixClient;

watchRequests(noteRequest);
// Its log would go to the debugging protocol, and slow it down.
for (const level of ["trace", "debug", "info", "warn", "error"] as const) logger[level] = () => {};

const some = (call: MatrixCall): BenchCall => ({
  answer: (video) => void call.answer(true, video),
  hangup: () => void call.hangup(CallErrorCode.UserHangup, false),
  ended: new Promise<void>((resolve) => {
    call.on(CallEvent.State, (state) => state === CallState.Ended && resolve());
  }),
});

globalThis.bench = benchPage({
  async start({ homeserver, userId, deviceId, accessToken, relay }, rings) {
    client = createClient({
      baseUrl: homeserver,
      userId,
      deviceId,
      accessToken,
      forceTURN: relay,
      iceCandidatePoolSize: 20,
    });
    client.on(CallEventHandlerEvent.Incoming, (call) => rings(some(call)));
    const prepared = new Promise<void>((resolve) => {
      client.on(ClientEvent.Sync, (state) => state === SyncState.Prepared && resolve());
    });
    await client.startClient({ initialSyncLimit: 1 });
    await prepared;
  },
  place({ roomId, invitee, video }) {
    const call = createNewMatrixCall(client, roomId, { invitee });
    if (!call) throw new Error("matrix-js-sdk says that this browser cannot call");
    void (video ? call.placeVideoCall() : call.placeVoiceCall());
    return some(call);
  },
});
