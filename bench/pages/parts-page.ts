/** Both users of a call in one page, over rooms in memory: what `measure()` of `trunkline/bench` finds of our own parts. */
import { type Measurement, measure } from "../../src/bench/index.ts";
import { browserMedia } from "../../src/media/browser.ts";
import { spawnSignaling } from "../../src/worker/spawn.ts";

export interface PartsRun {
  readonly n: number;
  /** Whether each engine has a worker; else both are on the page. */
  readonly worker: boolean;
  readonly warm: boolean;
}

declare global {
  var measureParts: (run: PartsRun) => Promise<Measurement>;
}

globalThis.measureParts = ({ n, worker, warm }) =>
  measure(
    {
      media: () => browserMedia(),
      ...(worker && {
        signaling: (_, transport) => spawnSignaling({ transport, worker: "/worker/entry.js" }),
      }),
    },
    { n, warm },
  );
