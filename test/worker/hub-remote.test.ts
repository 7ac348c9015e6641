import { setImmediate } from "node:timers/promises";
import { expect, it, vi } from "vitest";
import type { Signal } from "../../src/streams/contract.ts";
import { remoteSignaling } from "../../src/worker/remote.ts";
import { hubWorld } from "./hub-world.ts";
import { CALL, handClock, type InlineWorker, inlineWorker } from "./stand-in.ts";

const INVITED: Signal = { ...CALL, type: "invited" };
const ENDED: Signal = { ...CALL, type: "ended", end: { by: "peer", reason: "user_hangup" } };

it("a tab misses no signal between its giving up a connection and the hub's knowing, and gets none twice", async () => {
  const { hub, engine } = hubWorld();
  const clock = handClock();
  const workers: InlineWorker[] = [];
  const half = remoteSignaling(
    () => {
      const worker = inlineWorker((_, { receipt }) => hub.join("tab", { receipt }));
      workers.push(worker);
      return worker;
    },
    {},
    clock,
  );
  const signals: Signal[] = [];
  const states: string[] = [];
  half.signals$.subscribe({ next: (signal) => signals.push(signal), error: () => {} });
  half.status$.subscribe(({ state }) => states.push(state));
  engine.status.next({ state: "online" });
  await half.dispatch({ ...CALL, type: "place" });
  engine.signals.next(INVITED);
  await vi.waitFor(() => expect(signals).toEqual([INVITED]));
  // Nothing that is sent from here on arrives, and the hub cannot know.
  workers[0]?.mute();
  engine.signals.next(ENDED);
  for (let i = 0; i < 6; i++) {
    clock.advance(1_000);
    for (let turn = 0; turn < 6; turn++) await setImmediate();
  }
  await vi.waitFor(() => expect(states.slice(-2)).toEqual(["reconnecting", "online"]));
  await vi.waitFor(() => expect(signals).toEqual([INVITED, ENDED]));
  // The next sign of life brings the receipt: a third connection begins with nothing.
  clock.advance(1_000);
  for (let turn = 0; turn < 6; turn++) await setImmediate();
  const third: Signal[] = [];
  hub.join("tab").signals$.subscribe((signal) => third.push(signal));
  await setImmediate();
  expect(third).toEqual([]);
  const closing = half.close();
  await setImmediate();
  clock.advance(3_000);
  await closing;
});
