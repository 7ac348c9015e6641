import { now } from "../browser/time.ts";
import { type Ping, type Waits, waitsOf } from "./waits.ts";

export interface Watched extends Waits {
  /** How long the work took, in ms. */
  readonly took: number;
}

/** For how many pings a main thread is watched after the work. */
const AFTERMATH = 50;

/**
 * Watches this page's main thread while something is done, and for a moment after. By pings from a worker and not by the
 * browser's Long Tasks: those begin at 50 ms, and tell nothing of the many that are shorter.
 */
export async function watch(work: () => Promise<unknown>): Promise<Watched> {
  const pings: Ping[] = [];
  let wake = () => {};
  const heard = async (count: number) => {
    const last = pings.length + count;
    while (pings.length < last) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  const worker = new Worker("/probe.js", { type: "module" });
  worker.onmessage = ({ data }: MessageEvent<number>) => {
    pings.push({ sent: data, received: now() });
    wake();
  };
  await heard(AFTERMATH);
  pings.length = 0;
  const begin = now();
  await work();
  const took = now() - begin;
  await heard(AFTERMATH);
  worker.terminate();
  return { took, ...waitsOf(pings) };
}
