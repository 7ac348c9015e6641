// What a phone loads when it is needed is there at once: under a virtual clock nothing waits for real time.
import "../../src/phone/again.ts";
import "../../src/phone/recovery.ts";
import "../../src/phone/transfer.ts";
import { createPhone, type Phone } from "../../src/phone/phone.ts";
import { createEngine } from "../../src/signaling/engine.ts";
import { createMemoryRooms, type MemoryTransport } from "../../src/signaling/transports/memory.ts";
import type { SignalingHalf } from "../../src/streams/contract.ts";
import { type VirtualClock, virtualClock } from "../../src/testing/clock.ts";
import { type FakeMedia, type FakeStream, fakeMedia } from "../../src/testing/fake-media.ts";

export const roomId = "!room:test";

export interface Desk {
  readonly phone: Phone<FakeStream>;
  readonly media: FakeMedia;
  readonly transport: MemoryTransport;
}

/** Phones on memory rooms and fake media, under one virtual clock. */
export function phones<N extends string>(...names: N[]): Promise<World<N>> {
  return phonesOn((signaling) => signaling, ...names);
}

export type World<N extends string> = {
  readonly clock: VirtualClock;
  readonly rooms: ReturnType<typeof createMemoryRooms>;
} & Record<N, Desk>;

/** The same, with something between each phone and its engine. */
export async function phonesOn<N extends string>(
  between: (signaling: SignalingHalf, name: N) => SignalingHalf,
  ...names: N[]
): Promise<World<N>> {
  const clock = virtualClock();
  const rooms = createMemoryRooms({ clock, latency: 10 });
  const desks = names.map((name): [N, Desk] => {
    const userId = `@${name.replace(/\d/g, "")}:test`;
    rooms.join(roomId, userId);
    const transport = rooms.connect({ userId, deviceId: name.toUpperCase() });
    const media = fakeMedia({ clock });
    const phone = createPhone({ signaling: between(createEngine({ transport, clock }), name), media, clock });
    return [name, { phone, media, transport }];
  });
  await clock.advance(1_000);
  return { clock, rooms, ...(Object.fromEntries(desks) as Record<N, Desk>) };
}

/** Collects what a stream emits. */
export function collect<T>(stream: { subscribe(next: (value: T) => void): unknown }): T[] {
  const seen: T[] = [];
  stream.subscribe((value) => seen.push(value));
  return seen;
}
