/** Says what time it is, every millisecond, to a main thread that notes how late it hears of it. */
import { now } from "../browser/time.ts";

const PERIOD = 1;

addEventListener("message", ({ data }: MessageEvent<Int32Array>) => {
  // Sleeps instead of waiting for timers, which browsers slow down to every 4 ms.
  while (Atomics.wait(data, 0, 0, PERIOD) === "timed-out") postMessage(now());
  close();
});
