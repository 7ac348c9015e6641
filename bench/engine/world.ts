import { BehaviorSubject, filter, firstValueFrom, Subject } from "rxjs";
import { createEngine } from "../../src/signaling/engine.ts";
import type { EventBatch, RoomEvent, Transport } from "../../src/streams/contract.ts";
import { DESCRIPTION, inviteOf, refOf, US } from "./traffic.ts";

export interface World {
  /** Gives the engine one sync response with this event in it; the engine has routed it when this returns. */
  sync(event: RoomEvent): void;
  /** How many signals the engine has emitted. */
  signals(): number;
  close(): Promise<void>;
}

/** An engine in which so many calls are answered, over a transport that says what it is told to. */
export async function openWorld(calls: number): Promise<World> {
  const batches = new Subject<EventBatch>();
  let signals = 0;
  const transport: Transport = {
    batches$: batches,
    connected$: new BehaviorSubject(true),
    identity: async () => US,
    send: async () => "$sent",
    turnServers: async () => ({ iceServers: [], ttl: 86_400 }),
  };
  const engine = createEngine({ transport });
  engine.signals$.subscribe(() => {
    signals += 1;
  });
  await firstValueFrom(engine.status$.pipe(filter(({ state }) => state === "online")));
  const sync = (event: RoomEvent) => batches.next({ live: true, events: [event] });
  for (let call = 0; call < calls; call++) {
    sync(inviteOf(call));
    await engine.dispatch({ ...refOf(call), type: "answer", description: DESCRIPTION });
  }
  return { sync, signals: () => signals, close: () => engine.close() };
}
