/**
 * Calls with the dialects of other clients: Bob's phone is ours, and what it sends leaves in the shape that a release of
 * theirs sends, so that the call has media to go on with.
 */
import { describe, expect, it } from "vitest";
import type { Call } from "../../src/phone/call.ts";
import { createPhone } from "../../src/phone/phone.ts";
import { createEngine } from "../../src/signaling/engine.ts";
import { createMemoryRooms, type MemoryTransport } from "../../src/signaling/transports/memory.ts";
import { virtualClock } from "../../src/testing/clock.ts";
import { fakeMedia } from "../../src/testing/fake-media.ts";
import { DIALECTS, type Dialect } from "../signaling/dialects/events.ts";
import { NHEKO, speaking } from "../signaling/dialects/transport.ts";
import { collect, roomId } from "./world.ts";

const both = { audio: true, video: true };
const last = <T>(stream: Parameters<typeof collect<T>>[0]): T | undefined => collect(stream).at(-1);

/** A video call between Alice and Bob, placed by one of them and answered by the other. */
async function talking(dialect: Dialect, caller: "alice" | "bob") {
  const clock = virtualClock();
  const rooms = createMemoryRooms({ clock, latency: 10 });
  /** The types of what Alice's phone has sent. */
  const sent: string[] = [];
  const recorded = (transport: MemoryTransport): MemoryTransport => ({
    ...transport,
    send(...event) {
      sent.push(event[1]);
      return transport.send(...event);
    },
  });
  const desk = (name: "alice" | "bob") => {
    rooms.join(roomId, `@${name}:test`);
    const own = rooms.connect({ userId: `@${name}:test`, deviceId: name });
    const transport = name === "bob" ? speaking(dialect, own) : recorded(own);
    const media = fakeMedia({ clock });
    const phone = createPhone({ signaling: createEngine({ transport, clock }), media, clock });
    return { phone, media, rings: collect(phone.incoming$) };
  };
  const desks = { alice: desk("alice"), bob: desk("bob") };
  await clock.advance(1_000);
  const callee = caller === "alice" ? "bob" : "alice";
  const placed = desks[caller].phone.place({ roomId, invitee: `@${callee}:test`, ...both });
  await clock.advance(1_000);
  const rung = desks[callee].rings[0] as Call;
  rung.answer(both);
  await clock.advance(2_000);
  const [ours, theirs] = caller === "alice" ? [placed, rung] : [rung, placed];
  expect([last(ours.state$), last(theirs.state$)]).toEqual(["connected", "connected"]);
  return { clock, ours, theirs, sent, media: desks.alice.media };
}

const releases = DIALECTS.map((dialect) => ({ ...dialect, name: dialect.releases.join(", ") }));
const callers = ["alice", "bob"] as const;

describe.each(callers)("a call that %s places", (caller) => {
  it.each(releases)("P2 P26 shows the stream of matrix-js-sdk $name, and ends", async (dialect) => {
    const { clock, ours, theirs } = await talking(dialect, caller);
    expect(last(ours.remoteStreams$)).toMatchObject([{ purpose: "m.usermedia" }]);
    theirs.hangup();
    await clock.advance(1_000);
    expect(await ours.ended).toMatchObject({ by: "peer", reason: "user_hangup" });
  });

  it.each(releases.filter(({ metadata }) => metadata))(
    "P19 is held and resumed by us, and then by matrix-js-sdk $name",
    async (dialect) => {
      const { clock, ours, theirs } = await talking(dialect, caller);
      for (const [one, other] of [[ours, theirs] as const, [theirs, ours] as const]) {
        one.hold();
        await clock.advance(2_000);
        expect([last(one.held$), last(other.held$)]).toMatchObject([{ us: true }, { peer: true }]);
        one.resume();
        await clock.advance(2_000);
        expect([last(one.held$), last(other.held$)]).toMatchObject([{ us: false }, { peer: false }]);
      }
      expect(last(ours.state$)).toBe("connected");
    },
  );

  it("P19 negotiates nothing with nheko, which would hang up", async () => {
    const { clock, ours, media, sent } = await talking(NHEKO, caller);
    ours.hold();
    await clock.advance(2_000);
    expect(media.sendingMicrophones).toBe(0);
    ours.resume();
    await clock.advance(2_000);
    expect(media.sendingMicrophones).toBe(1);
    expect(sent).not.toContain("m.call.negotiate");
    expect(last(ours.state$)).toBe("connected");
  });
});
