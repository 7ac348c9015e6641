/** A page whose main thread is blocked for as long as a test says. */

import type { Watched } from "../../bench/mainthread/probe.ts";
import { watch } from "../../bench/mainthread/probe.ts";

declare global {
  var block: (spans: readonly number[]) => Promise<Watched>;
}

globalThis.block = (spans) =>
  watch(async () => {
    for (const span of spans) {
      const end = performance.now() + span;
      while (performance.now() < end);
      await new Promise(requestAnimationFrame);
    }
  });
