/** Trunkline starts in a page. */
import { filter, firstValueFrom } from "rxjs";
import { createPhone } from "../../src/index.ts";
import { browserMedia } from "../../src/media/browser.ts";
import { spawnSignaling } from "../../src/worker/spawn.ts";
import { watch } from "./probe.ts";

globalThis.startPage = {
  startUp: ({ homeserver, accessToken }) =>
    watch(async () => {
      const signaling = spawnSignaling({
        homeserver,
        accessToken,
        worker: () => new Worker("/worker/entry.js", { type: "module" }),
      });
      const phone = createPhone({ signaling, media: browserMedia() });
      phone.incoming$.subscribe();
      await firstValueFrom(phone.status$.pipe(filter(({ state }) => state === "online")));
      // Online is said before the first sync is read: ready is who answers after that.
      await signaling.dispatch({ type: "place", roomId: "!none:bench.test", callId: "ready" });
    }),
};
