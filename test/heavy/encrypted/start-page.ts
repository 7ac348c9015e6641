/** Starts a phone with an encrypted device, or nothing, or a chat client on the page, and watches the main thread. */
import { filter, firstValueFrom } from "rxjs";
import { type Watched, watch } from "../../../bench/mainthread/probe.ts";
import { createPhone } from "../../../src/index.ts";
import { browserMedia } from "../../../src/media/browser.ts";
import { encryptedSignaling } from "../../../src/worker/encrypted.ts";
import type { StartOptions } from "../../interop/peer.ts";
import { startAppClient } from "./app-client.ts";

export interface Starts {
  worker(login: StartOptions): Promise<Watched>;
  onPage(login: StartOptions): Promise<Watched>;
  /** For so many ms. */
  idle(ms: number): Promise<Watched>;
}

declare global {
  var starts: Starts;
}

globalThis.starts = {
  worker: (login) =>
    watch(async () => {
      const signaling = encryptedSignaling({ ...login, worker: "/worker/encrypted-entry.js" });
      const phone = createPhone({ signaling, media: browserMedia() });
      phone.incoming$.subscribe();
      await firstValueFrom(phone.status$.pipe(filter(({ state }) => state === "online")));
      // Online is emitted before the first sync is read: ready is who answers after that.
      await signaling.dispatch({ type: "place", roomId: "!none:bench.test", callId: "ready" });
    }),
  onPage: (login) => watch(() => startAppClient(login, true)),
  idle: (ms) => watch(() => new Promise((resolve) => setTimeout(resolve, ms))),
};
