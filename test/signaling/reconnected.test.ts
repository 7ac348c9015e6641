import { describe, expect, it } from "vitest";
import { createEngine } from "../../src/signaling/engine.ts";
import { createMemoryRooms } from "../../src/signaling/transports/memory.ts";
import type { IceServer } from "../../src/streams/contract.ts";
import { TrunklineError } from "../../src/streams/errors.ts";
import { virtualClock } from "../../src/testing/clock.ts";
import { alice, bob, offer, ref } from "./support.ts";

/** A device whose line is cut, half a second after its start. */
async function cutOff({ since = 500 } = {}) {
  const clock = virtualClock();
  const rooms = createMemoryRooms({ clock, latency: 50 });
  for (const { userId } of [alice, bob]) rooms.join(ref.roomId, userId);
  const line = rooms.connect({ userId: alice.userId, deviceId: "A" });
  let seed = 3;
  const engine = createEngine({
    transport: {
      ...line,
      async turnServers() {
        await line.identity(); // a request like any other
        return { iceServers: [{ urls: ["turn:test"] }], ttl: 3_600 };
      },
    },
    clock,
    random: () => {
      seed = (seed * 16_807 + 1) % 2_147_483_647;
      return seed / 2_147_483_647;
    },
  });
  engine.signals$.subscribe();
  await clock.advance(since);
  line.setOnline(false);
  const close = () => Promise.all([engine.close(), clock.advance(2_000)]);
  return { clock, line, engine, close };
}

describe("when the connection is back", () => {
  it.each([5, 10, 15, 20, 30, 45, 60, 80])(
    "after %d s, what is queued is sent within a second",
    async (seconds) => {
      const { clock, line, engine, close } = await cutOff();
      await engine.dispatch({ ...ref, type: "place", invitee: bob.userId });
      let sentAt = Number.NaN;
      engine.dispatch({ ...ref, type: "invite", ...offer }).then(
        () => {
          sentAt = clock.now();
        },
        () => {},
      );
      await clock.advance(seconds * 1_000);
      line.setOnline(true);
      const backAt = clock.now();
      await clock.advance(1_200);
      expect(sentAt - backAt).toBeLessThan(1_200);
      await close();
    },
  );

  it("TURN servers are asked for at once", async () => {
    const { clock, line, engine, close } = await cutOff({ since: 0 });
    const seen: (readonly IceServer[])[] = [];
    engine.iceServers$.subscribe((servers) => seen.push(servers));
    await clock.advance(60_000);
    expect(seen).toEqual([]);
    line.setOnline(true);
    await clock.advance(500);
    expect(seen).toHaveLength(1);
    await close();
  });

  it("P30 a homeserver that said how long to wait is obeyed all the same", async () => {
    const { clock, line, engine, close } = await cutOff();
    line.setOnline(true);
    await clock.advance(500);
    await engine.dispatch({ ...ref, type: "place", invitee: bob.userId });
    line.failSend(new TrunklineError("rate_limited", "slow down", { retryAfter: 20_000 }));
    let isSent = false;
    engine.dispatch({ ...ref, type: "invite", ...offer }).then(() => {
      isSent = true;
    });
    await clock.advance(1_000);
    line.setOnline(false);
    await clock.advance(1_000);
    line.setOnline(true);
    await clock.advance(17_000);
    expect(isSent).toBe(false);
    await clock.advance(2_000);
    expect(isSent).toBe(true);
    await close();
  });
});
