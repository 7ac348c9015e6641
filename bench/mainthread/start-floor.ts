/** A page that does nothing, while a worker of it fetches the first sync that Trunkline's worker fetches. */
import { watch } from "./probe.ts";
import type { Fetching } from "./start-page.ts";

globalThis.startPage = {
  startUp: ({ homeserver, accessToken, firstSync }) =>
    watch(async () => {
      const worker = new Worker("/fetcher.js", { type: "module" });
      const fetched = new Promise((resolve) => {
        worker.onmessage = resolve;
      });
      const fetching: Fetching = { url: `${homeserver}${firstSync}`, accessToken };
      worker.postMessage(fetching);
      await fetched;
      worker.terminate();
    }),
};
