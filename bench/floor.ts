import { PAUSE_MS } from "../src/bench/call.ts";
import { limits } from "../src/bench/limits.ts";
import { realClock } from "../src/streams/clock.ts";
import type { Pair } from "./cast.ts";
import type { FloorPage } from "./pages/floor-page.ts";

interface ConnectOptions {
  readonly relay: boolean;
  readonly video: boolean;
  /** How long after the callee the caller begins, in ms: what its answer takes. Default 0. */
  readonly hop?: number;
}

const { within, wait } = limits(realClock);

/** How long the pages are given to hear when to begin, in ms. */
const LEAD = 60;

/** From the sending of an event until the other account's long poll has it, in ms. */
export async function timeHop(pair: Pair<FloorPage>): Promise<number> {
  const time = await watched("a hop", pair, sendAndSync(pair));
  await wait(PAUSE_MS);
  return time;
}

async function sendAndSync({ caller, callee }: Pair<FloorPage>): Promise<number> {
  const { id, at } = await caller.send();
  return (await callee.arrives(id)) - at;
}

/**
 * ICE and DTLS between two connections that have gathered all and know each other's description, from the moment when
 * the callee begins, in ms.
 */
export function timeConnect(pair: Pair<FloorPage>, options: ConnectOptions): Promise<number> {
  return watched("connecting", pair, connect(pair, options));
}

async function connect(pair: Pair<FloorPage>, options: ConnectOptions, lead = LEAD): Promise<number> {
  const { caller, callee } = pair;
  const { relay, video, hop = 0 } = options;
  const offer = await caller.offer(relay, video);
  const answer = await callee.answer(relay, offer);
  const moment = performance.timeOrigin + performance.now() + lead;
  const ends = await Promise.all([caller.connect(moment + hop, answer), callee.connect(moment, offer)]);
  await Promise.all([caller.close(), callee.close()]);
  const punctual = ends.filter((end) => end !== undefined);
  // A page that hears of the moment when it is over would count what it waited.
  return punctual.length === ends.length ? Math.max(...punctual) - moment : connect(pair, options, 2 * lead);
}

function watched(what: string, { caller, callee }: Pair<FloorPage>, work: Promise<number>): Promise<number> {
  return within(what, work, async () => `caller: ${await caller.state()}; callee: ${await callee.state()}`);
}
