import type { Pair } from "./cast.ts";
import type { FloorPage } from "./pages/floor-page.ts";

/** How long the pages are given to hear when to begin, in ms. */
const LEAD = 60;

/** From the sending of an event until the other account's long poll has it, in ms. */
export async function timeHop({ caller, callee }: Pair<FloorPage>): Promise<number> {
  const { id, at } = await caller.send();
  return (await callee.arrives(id)) - at;
}

/** ICE and DTLS between two connections that have gathered all and know each other's description, in ms. */
export async function timeConnect(
  { caller, callee }: Pair<FloorPage>,
  { relay, video }: { readonly relay: boolean; readonly video: boolean },
): Promise<number> {
  const offer = await caller.offer(relay, video);
  const answer = await callee.answer(relay, offer);
  const moment = performance.timeOrigin + performance.now() + LEAD;
  const ends = await Promise.all([caller.connect(moment, answer), callee.connect(moment, offer)]);
  await Promise.all([caller.close(), callee.close()]);
  return Math.max(...ends) - moment;
}
