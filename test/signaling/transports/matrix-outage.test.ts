import { describe, expect, it } from "vitest";
import { createEngine } from "../../../src/signaling/engine.ts";
import { matrixTransport } from "../../../src/signaling/transports/matrix.ts";
import type { SignalingStatus } from "../../../src/streams/contract.ts";
import { virtualClock } from "../../../src/testing/clock.ts";
import { createHomeserver, type FailureRule } from "../../../src/testing/homeserver/index.ts";
import { coded, said, scripted, watched } from "./scripted.ts";

describe("an event of ours that the poll does not bring back", () => {
  const sends = async ({ transport, next }: Awaited<ReturnType<typeof watched>>) => {
    const sending = transport.send("!r:hs.test", "m.call.hangup", {}, "t");
    for (let asked = await next(); ; asked = await next()) {
      if (asked.method === "PUT") {
        asked.json({ event_id: "$sent" });
        return sending;
      }
      asked.json(said("M_NOT_FOUND"), 404);
    }
  };

  it("shows a poll whose connection has died: it is made again after 3 s, once", async () => {
    const script = await watched();
    const { next, clock, asked, subscription } = script;
    (await next()).json({ next_batch: "s1" });
    const poll = await next();
    await sends(script);
    await clock.advance(2_900);
    expect(poll.signal.aborted).toBe(false);
    await clock.advance(200);
    expect(poll.signal.aborted).toBe(true);
    const again = await next();
    expect(Object.fromEntries(again.query)).toMatchObject({ since: "s1", timeout: "0" });
    await sends(script);
    await clock.advance(10_000);
    expect([again.signal.aborted, asked.length]).toEqual([false, 0]);
    subscription.unsubscribe();
  });

  it("shows nothing where the poll has been answered since", async () => {
    const script = await watched();
    const { next, clock, subscription } = script;
    (await next()).json({ next_batch: "s1" });
    const poll = await next();
    await sends(script);
    poll.json({ next_batch: "s2" });
    const following = await next();
    await clock.advance(20_000);
    expect(following.signal.aborted).toBe(false);
    subscription.unsubscribe();
  });
});

describe("when the network is back", () => {
  it("a sync that waits is tried at once", async () => {
    const { next, clock, online, asked, connected, subscription } = await watched();
    (await next()).json({ next_batch: "s1" });
    for (const delay of [500, 1_000, 2_000, 4_000]) {
      (await next()).fail(new TypeError("network"));
      await clock.advance(delay);
    }
    (await next()).fail(new TypeError("network"));
    await clock.advance(1);
    expect(asked).toHaveLength(0);
    online();
    const again = await next();
    expect(Object.fromEntries(again.query)).toMatchObject({ since: "s1", timeout: "0" });
    again.json({ next_batch: "s1" });
    expect((await next()).query.get("timeout")).toBe("30000");
    expect(connected).toEqual([false, true, false, true]);
    await clock.advance(10_000); // the retry that is no longer needed
    expect(asked).toHaveLength(0);
    subscription.unsubscribe();
  });

  it("a poll from before is given up, and made again at once", async () => {
    const { next, clock, online, asked, connected, subscription } = await watched();
    (await next()).json({ next_batch: "s1" });
    const { signal } = await next();
    online();
    expect(signal.aborted).toBe(true);
    const again = await next();
    expect(Object.fromEntries(again.query)).toMatchObject({ since: "s1", timeout: "0" });
    expect(connected).toEqual([false, true, false]);
    again.json({ next_batch: "s1" });
    await clock.advance(1);
    expect([connected, asked.length]).toEqual([[false, true, false, true], 1]);
    subscription.unsubscribe();
  });

  it("a first sync from before is made again", async () => {
    const { next, online, subscription } = await watched();
    const { signal } = await next("/sync");
    online();
    expect(signal.aborted).toBe(true);
    expect((await next("/sync")).query.has("since")).toBe(false);
    subscription.unsubscribe();
  });

  it("asks at once again who we are", async () => {
    const { transport, next, online, asked, clock } = scripted();
    const subscription = transport.batches$.subscribe();
    for (const delay of [500, 1_000, 2_000, 4_000]) {
      (await next("/account/whoami")).fail(new TypeError("network"));
      await clock.advance(delay);
    }
    (await next("/account/whoami")).fail(new TypeError("network"));
    await clock.advance(1);
    online();
    expect(asked.map(({ path }) => path)).toContain("/account/whoami");
    subscription.unsubscribe();
  });

  it("an event that is being sent is given up, for another try", async () => {
    const { transport, next, online } = scripted();
    const sent = transport.send("!r", "m.call.hangup", {}, "t");
    const { signal } = await next();
    online();
    await expect(sent).rejects.toEqual(coded("homeserver_unreachable"));
    expect(signal.aborted).toBe(true);
  });

  it("does not come back before the homeserver wants", async () => {
    const { next, clock, online, asked, subscription } = await watched();
    (await next()).json(said("M_LIMIT_EXCEEDED"), 429, { "Retry-After": "40" });
    await clock.advance(39_999);
    online();
    await clock.advance(0);
    expect(asked).toHaveLength(0);
    await clock.advance(1);
    expect(asked).toHaveLength(1);
    subscription.unsubscribe();
  });
});

describe("a poll after a failure", () => {
  it("is given 30 s, on a connection that may be dead", async () => {
    const { next, clock, subscription } = await watched();
    (await next()).json({ next_batch: "s1" });
    (await next()).fail(new TypeError("network"));
    await clock.advance(500);
    const { signal } = await next();
    await clock.advance(29_999);
    expect(signal.aborted).toBe(false);
    await clock.advance(1);
    expect(signal.aborted).toBe(true);
    subscription.unsubscribe();
  });
});

describe("what passes", () => {
  it("a limit leaves the sync connected", async () => {
    const { next, clock, connected, subscription } = await watched();
    (await next()).json({ next_batch: "s1" });
    (await next()).answer(new Response("<h1>429</h1>", { status: 429, headers: { "Retry-After": "3" } }));
    await clock.advance(3_000);
    (await next()).json({ next_batch: "s2" });
    await next();
    expect(connected).toEqual([false, true]);
    subscription.unsubscribe();
  });

  it.each(["M_USER_SUSPENDED", "M_RESOURCE_LIMIT_EXCEEDED", "M_CONSENT_NOT_GIVEN"])(
    "%s does not end a sync, which goes on slowly from its place",
    async (errcode) => {
      const { next, clock, asked, error, subscription } = await watched();
      (await next()).json({ next_batch: "s1" });
      for (let count = 0; count < 10; count += 1) {
        (await next()).json(said(errcode), 403);
        await clock.advance(29_999);
        expect(asked).toHaveLength(0);
        await clock.advance(1);
      }
      expect(error()).toBeUndefined();
      expect((await next()).query.get("since")).toBe("s1");
      subscription.unsubscribe();
    },
  );

  it.each([429, 502, 401])(
    "an unclear answer (%d) to whether we are in a room leaves it open",
    async (status) => {
      const { next, transport } = scripted();
      const sent = transport.send("!r", "m.call.invite", {}, "1");
      (await next()).json(said("M_NOT_FOUND"), 404);
      (await next()).json(said("M_FORBIDDEN"), 403);
      (await next()).json({ user_id: "@us:hs.test", device_id: "OURS" });
      (await next()).json({ device_keys: {} });
      const question = await next();
      expect(question.path).toBe("/rooms/!r/state/m.room.member/%40us%3Ahs.test");
      question.json(said(status === 401 ? "M_USER_LOCKED" : "M_LIMIT_EXCEEDED"), status);
      await expect(sent).rejects.toEqual(coded("forbidden"));
    },
  );
});

/** An engine that is online, on a homeserver that can fail. */
async function engineOnline() {
  const clock = virtualClock();
  const homeserver = createHomeserver({ clock });
  const asked = { sync: 0 };
  const { accessToken } = homeserver.createUser("alice");
  const transport = matrixTransport({
    homeserver: "https://homeserver.test",
    accessToken,
    clock,
    random: () => 0,
    fetch(resource, init) {
      if (String(resource).includes("/sync")) asked.sync += 1;
      return homeserver.fetch(new Request(resource, init));
    },
  });
  const engine = createEngine({ transport, clock, random: () => 0 });
  const states: SignalingStatus["state"][] = [];
  engine.status$.subscribe(({ state }) => states.push(state));
  engine.signals$.subscribe({ error: () => {} });
  engine.iceServers$.subscribe({ error: () => {} });
  const close = async () => {
    const closed = engine.close();
    await clock.advance(2_000);
    await closed;
    homeserver.close();
  };
  return { clock, homeserver, asked, states, close };
}

const FAILURES: [string, FailureRule][] = [
  ["cannot be reached", { type: "dropped" }],
  ["is behind a proxy that wants a login", { type: "status", status: 401 }],
  ["is behind a proxy that refuses", { type: "status", status: 403 }],
  ["is behind another proxy that wants a login", { type: "status", status: 407 }],
  ["is behind a hotel's page", { type: "status", status: 200, body: "<html>" }],
  ["restarts", { type: "status", status: 502 }],
  ["is not routed to", { type: "status", status: 404 }],
];

describe("an engine whose homeserver", () => {
  it.each(FAILURES)("%s for 10 minutes is online within 6 s of its return", async (_, failure) => {
    const { clock, homeserver, states, close } = await engineOnline();
    await clock.advance(100);
    expect(states.at(-1)).toBe("online");
    homeserver.fail(failure);
    await clock.advance(605_000);
    expect(states.at(-1)).toBe("reconnecting");
    homeserver.heal();
    await clock.advance(6_000);
    expect(states.at(-1)).toBe("online");
    await close();
  });

  it.each(
    FAILURES.filter(
      ([, failure]) => !("body" in failure) && !("status" in failure && failure.status === 404),
    ),
  )("%s at the start is online within 6 s of its coming", async (_, failure) => {
    const started = engineOnline();
    const { clock, homeserver, states, close } = await started;
    homeserver.fail(failure);
    await clock.advance(605_000);
    expect(states.at(-1)).toBe("reconnecting");
    homeserver.heal();
    await clock.advance(6_000);
    expect(states.at(-1)).toBe("online");
    await close();
  });

  it("never holds a poll stays online, and is not asked without a pause", async () => {
    const { clock, homeserver, asked, states, close } = await engineOnline();
    await clock.advance(100);
    homeserver.fail({ type: "unheld", path: "/sync" });
    await clock.advance(60_000); // the poll that is held ends
    const before = asked.sync;
    await clock.advance(60_000);
    expect(asked.sync - before).toBeLessThanOrEqual(12);
    expect(states.at(-1)).toBe("online");
    await close();
  });

  it("locks the account goes on, slowly", async () => {
    const { clock, homeserver, states, close } = await engineOnline();
    await clock.advance(100);
    const body = JSON.stringify(said("M_USER_LOCKED", { soft_logout: true }));
    homeserver.fail({ type: "status", status: 401, body });
    await clock.advance(605_000);
    expect(states.at(-1)).toBe("reconnecting");
    homeserver.heal();
    await clock.advance(30_000);
    expect(states.at(-1)).toBe("online");
    await close();
  });
});
