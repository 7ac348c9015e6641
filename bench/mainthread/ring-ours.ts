/** Trunkline is rung. */
import { filter, firstValueFrom, map, tap } from "rxjs";
import { createPhone } from "../../src/index.ts";
import { browserMedia } from "../../src/media/browser.ts";
import type { Signal, TraceEntry } from "../../src/streams/contract.ts";
import { spawnSignaling } from "../../src/worker/spawn.ts";
import { now } from "../browser/time.ts";
import { type Heard, openRingPage } from "./ring-page.ts";

let phone: ReturnType<typeof createPhone>;
let seen: Partial<Heard> = {};

/** The signals as they come over the port, before the phone has them. */
function note(signal: Signal): void {
  if (signal.type === "incoming") seen = { ...seen, onPage: now() };
  if (signal.type !== "trace") return;
  const { entry } = signal;
  if (isInvite(entry)) seen = { inWorker: entry.at };
  if (entry.kind === "milestone" && entry.name === "ringing") seen = { ...seen, ringing: entry.at };
}

const isInvite = (entry: TraceEntry) =>
  entry.kind === "message" && entry.direction === "received" && entry.eventType === "m.call.invite";

globalThis.ringPage = openRingPage({
  async start({ homeserver, accessToken }) {
    const signaling = spawnSignaling({
      homeserver,
      accessToken,
      worker: () => new Worker("/worker/entry.js", { type: "module" }),
    });
    const noted = { ...signaling, signals$: signaling.signals$.pipe(tap(note)) };
    phone = createPhone({ signaling: noted, media: browserMedia() });
    await firstValueFrom(phone.status$.pipe(filter(({ state }) => state === "online")));
  },
  rings: () => firstValueFrom(phone.incoming$.pipe(map(({ ended }) => ({ ...seen, byApp: now(), ended })))),
});
