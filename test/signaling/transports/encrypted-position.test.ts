import { firstValueFrom, from, toArray } from "rxjs";
import { describe, expect, it } from "vitest";
import { resumed } from "../../../src/signaling/transports/encrypted-position.ts";
import type { EventBatch, RoomEvent } from "../../../src/streams/contract.ts";

const event = (eventId: string, type = "m.call.negotiate", more: Partial<RoomEvent> = {}): RoomEvent => ({
  ...{ roomId: "!r", eventId, sender: "@peer:hs.test", type, content: {}, encrypted: true },
  ...more,
});
const batch = (...events: RoomEvent[]): EventBatch => ({ live: true, events });
const read = (since: string | undefined, ...batches: EventBatch[]) =>
  firstValueFrom(from(batches).pipe(resumed(since), toArray()));
const idsOf = (batches: readonly EventBatch[]) =>
  batches.map(({ events }) => events.map(({ eventId }) => eventId));

describe("an encrypted transport that goes on for another", () => {
  it("leaves out the events of calls that were read, and gives those that came since", async () => {
    const [, second] = await read(undefined, batch(event("$1")), batch(event("$2")));
    const again = await read(second?.position, batch(event("$1"), event("$2"), event("$3")));
    expect(idsOf(again)).toEqual([["$3"]]);
  });

  it("gives state again, which is not of calls, and moves no position for it", async () => {
    const state = event("$s", "m.room.encryption", { stateKey: "" });
    const [first] = await read(undefined, batch(event("$1"), state));
    const [again] = await read(first?.position, batch(event("$1"), state));
    expect(again?.events).toEqual([state]);
    expect(again?.position).toBeUndefined();
  });

  it("goes on from a position that it went on from", async () => {
    const [first] = await read(undefined, batch(event("$1")));
    const [second] = await read(first?.position, batch(event("$1"), event("$2")));
    const third = await read(second?.position, batch(event("$1"), event("$2"), event("$3")));
    expect(idsOf(third)).toEqual([["$3"]]);
  });

  it("P44 keeps the last 500", async () => {
    const many = Array.from({ length: 600 }, (_, index) => event(`$${index}`));
    const [first] = await read(undefined, batch(...many));
    const again = await read(first?.position, batch(...many));
    expect(again[0]?.events).toHaveLength(100);
  });

  it.each([undefined, "s12_34", "{}", "[1,2]", "["])(
    "reads all with the position %s of somebody else",
    async (since) => {
      expect(idsOf(await read(since, batch(event("$1"))))).toEqual([["$1"]]);
    },
  );
});
