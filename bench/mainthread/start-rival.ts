/** matrix-js-sdk starts in a page: without encryption, and with members loaded lazily as Element Web has them. */
import { ClientEvent, createClient, SyncState } from "matrix-js-sdk";
import { logger } from "matrix-js-sdk/lib/logger.js";
import { watch } from "./probe.ts";

// Its log would go to the debugging protocol, and slow it down.
for (const level of ["trace", "debug", "info", "warn", "error"] as const) logger[level] = () => {};

globalThis.startPage = {
  startUp: ({ homeserver, ...login }) =>
    watch(async () => {
      const client = createClient({ baseUrl: homeserver, ...login });
      const prepared = new Promise<void>((resolve) => {
        client.on(ClientEvent.Sync, (state) => state === SyncState.Prepared && resolve());
      });
      await client.startClient({ lazyLoadMembers: true });
      await prepared;
    }),
};
