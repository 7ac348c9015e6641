/** A machine that sleeps while something waits: nothing leaves, rings or is used that has expired meanwhile. */
import { Subject } from "rxjs";
import { describe, expect, it } from "vitest";
import { encode } from "../../src/signaling/encode.ts";
import { createEngine } from "../../src/signaling/engine.ts";
import { createMemoryRooms } from "../../src/signaling/transports/memory.ts";
import type { EventBatch, Identity, Signal } from "../../src/streams/contract.ts";
import { TrunklineError } from "../../src/streams/errors.ts";
import { virtualClock } from "../../src/testing/clock.ts";
import { callsWorld, inviteBy, said } from "./calls-world.ts";
import { alice, bob, offer, ref } from "./support.ts";

const HOUR = 3_600_000;
const mine = { roomId: ref.roomId, callId: "mine" };
const theirs = { roomId: ref.roomId, callId: "theirs" };
const down = new TrunklineError("homeserver_unreachable", "down");

describe("a machine that sleeps", () => {
  it("P7 does not send hours later an invite that could not be sent before", async () => {
    const { calls, clock, faults, sent, types, news } = callsWorld();
    faults.push(down, down);
    await calls.dispatch({ ...mine, type: "place" });
    const invited = calls.dispatch({ ...mine, type: "invite", ...offer }).catch(({ code }) => code);
    await clock.advance(100);
    faults.length = 0;
    clock.sleep(8 * HOUR);
    await clock.advance(60_000);
    expect(await invited).toBe("homeserver_unreachable");
    expect(types()).not.toContain("invite");
    expect(sent.map(({ type }) => type)).not.toContain("m.call.invite");
    expect(news(mine)).toMatchObject([{ type: "ended" }]);
  });

  it("P7 stops ringing on waking where the caller's time is up, and not before", async () => {
    const { read, clock, news } = callsWorld();
    read([inviteBy(alice, "theirs")], {});
    read([inviteBy(bob, "theirs")]);
    clock.sleep(60_000);
    await clock.advance(0);
    expect(news(theirs)).toMatchObject([{ type: "incoming" }]);
    clock.sleep(60_000);
    await clock.advance(0);
    expect(news(theirs)).toMatchObject([
      { type: "incoming" },
      { type: "ended", end: { reason: "invite_timeout" } },
    ]);
  });

  it("P8 does not ring for an invite that came before it slept and is read after", async () => {
    const clock = virtualClock();
    const rooms = createMemoryRooms({ clock });
    const batches = new Subject<EventBatch>();
    let identify = (_us: Identity) => {};
    const engine = createEngine({
      transport: {
        ...rooms.connect({ userId: alice.userId, deviceId: "D" }),
        batches$: batches,
        identity: () =>
          new Promise((resolve) => {
            identify = resolve;
          }),
      },
      clock,
    });
    const signals: Signal[] = [];
    engine.signals$.subscribe((signal) => signals.push(signal));
    await clock.advance(0);
    batches.next({ live: true, events: [inviteBy(bob, "old")] });
    clock.sleep(70_000);
    batches.next({
      live: true,
      events: [said(bob, encode.invite({ ...ref, callId: "new", partyId: "X" }, offer, 60_000, undefined))],
    });
    clock.sleep(30_000);
    identify({ userId: alice.userId, deviceId: "D" });
    await clock.advance(0);
    const incoming = signals.filter(({ type }) => type === "incoming");
    expect(incoming).toMatchObject([{ callId: "new", remaining: 30_000 }]);
    await engine.close();
  });
});

it("P8 the time that a call rings is counted from its arrival here, whatever other clocks show", async () => {
  const clock = virtualClock();
  clock.sleep(500_000);
  const { read, news } = callsWorld(alice, undefined, undefined, [], clock);
  read([{ ...inviteBy(bob, "theirs"), age: 20_000 }]);
  expect(news(theirs)).toMatchObject([{ type: "incoming", remaining: 70_000 }]);
});
