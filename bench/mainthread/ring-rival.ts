/** matrix-js-sdk is rung. */
import { ClientEvent, createClient, type MatrixClient, SyncState } from "matrix-js-sdk";
import { logger } from "matrix-js-sdk/lib/logger.js";
import { CallEvent, CallState } from "matrix-js-sdk/lib/webrtc/call.js";
import { CallEventHandlerEvent } from "matrix-js-sdk/lib/webrtc/callEventHandler.js";
import { now } from "../browser/time.ts";
import { openRingPage } from "./ring-page.ts";

let client: MatrixClient;

for (const level of ["trace", "debug", "info", "warn", "error"] as const) logger[level] = () => {};

globalThis.ringPage = openRingPage({
  async start({ homeserver, ...login }) {
    client = createClient({ baseUrl: homeserver, ...login });
    const prepared = new Promise<void>((resolve) => {
      client.on(ClientEvent.Sync, (state) => state === SyncState.Prepared && resolve());
    });
    await client.startClient({ lazyLoadMembers: true });
    await prepared;
  },
  rings: () =>
    new Promise((resolve) => {
      client.once(CallEventHandlerEvent.Incoming, (call) => {
        const ended = new Promise<void>((end) => {
          call.on(CallEvent.State, (state) => state === CallState.Ended && end());
        });
        resolve({ byApp: now(), ended });
      });
    }),
});
