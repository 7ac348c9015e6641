import { describe, expect, it } from "vitest";
import type { EventBatch } from "../../../src/streams/contract.ts";
import { coded, said, scripted, watched } from "./scripted.ts";

describe("the sync", () => {
  it("asks for what calls need, at once first, then with long polls one after the other", async () => {
    const { next, batches, asked, subscription } = await watched();
    const first = await next();
    expect([first.method, first.path]).toEqual(["GET", "/sync"]);
    expect(first.headers.get("Authorization")).toBe("Bearer s3cret");
    expect(Object.fromEntries(first.query)).toMatchObject({ timeout: "0", set_presence: "offline" });
    expect(first.query.has("since")).toBe(false);
    expect(JSON.parse(first.query.get("filter") as string)).toEqual({
      presence: { not_types: ["*"] },
      account_data: { not_types: ["*"] },
      room: {
        account_data: { not_types: ["*"] },
        ephemeral: { not_types: ["*"] },
        state: {
          types: ["m.room.member", "m.room.join_rules", "m.room.encryption"],
          lazy_load_members: true,
        },
        timeline: {
          types: ["m.call.*", "org.matrix.call.*", "m.room.member", "m.room.join_rules", "m.room.encryption"],
          limit: 20,
        },
      },
    });
    first.json({ next_batch: "s1" });
    const second = await next();
    expect(JSON.parse(second.query.get("filter") as string)).toMatchObject({
      room: { timeline: { limit: 100 } },
    });
    expect(Object.fromEntries(second.query)).toMatchObject({ timeout: "30000", since: "s1" });
    second.json({ next_batch: "s2" });
    expect((await next()).query.get("since")).toBe("s2");
    expect(batches.map(({ live, events }) => [live, events.length])).toEqual([
      [false, 0],
      [true, 0],
    ]);
    expect(asked).toHaveLength(0);
    subscription.unsubscribe();
  });

  it("asks for history beside asking who we are, and lets a device that is shared keep its messages", async () => {
    const { transport, next, asked, clock } = scripted();
    const batches: EventBatch[] = [];
    let error: unknown;
    transport.batches$.subscribe({
      next: (batch) => batches.push(batch),
      error: (thrown: unknown) => {
        error = thrown;
      },
    });
    const history = await next("/sync");
    (await next("/account/whoami")).json({ user_id: "@us:hs.test", device_id: "OURS" });
    const query = await next("/keys/query");
    expect(query.body).toEqual({ device_keys: { "@us:hs.test": ["OURS"] } });
    history.json({ next_batch: "s1" });
    await clock.advance(1);
    query.json({ device_keys: { "@us:hs.test": { OURS: { keys: {} } } } });
    await clock.advance(1);
    expect(error).toEqual(coded("shared_device"));
    expect(batches).toEqual([]);
    expect(asked).toHaveLength(0);
  });

  it("gives up the first sync at once where the device is shared", async () => {
    const { transport, next, clock } = scripted();
    transport.batches$.subscribe({ error: () => {} });
    const { signal } = await next("/sync");
    (await next("/account/whoami")).json({ user_id: "@us:hs.test", device_id: "OURS" });
    (await next("/keys/query")).json({ device_keys: { "@us:hs.test": { OURS: { keys: {} } } } });
    await clock.advance(1);
    expect(signal.aborted).toBe(true);
  });

  it("waits with what follows until it knows that the device is its own", async () => {
    const { transport, next, asked, clock } = scripted();
    const subscription = transport.batches$.subscribe();
    (await next("/sync")).json({ next_batch: "s1" });
    (await next()).json(said("M_LIMIT_EXCEEDED"), 429, { "Retry-After": "3" });
    await clock.advance(3_000);
    (await next()).json({ user_id: "@us:hs.test", device_id: "OURS" });
    (await next()).answer(new Response("<html>", { status: 502 }));
    await clock.advance(1_000);
    expect((await next()).path).toBe("/account/whoami");
    expect(asked).toHaveLength(0);
    subscription.unsubscribe();
  });

  it("asks both questions about itself at once where it is told who it is", async () => {
    const { transport, next } = scripted({ userId: "@us:hs.test", deviceId: "OURS" });
    const who = transport.identity();
    const whoami = await next("/account/whoami");
    (await next("/keys/query")).json({ device_keys: {} });
    whoami.json({ user_id: "@us:hs.test", device_id: "OURS" });
    expect(await who).toEqual({ userId: "@us:hs.test", deviceId: "OURS" });
  });

  it("syncs where nobody can encrypt", async () => {
    const { transport, next } = scripted();
    const subscription = transport.batches$.subscribe();
    (await next("/sync")).json({ next_batch: "s1" });
    (await next()).json({ user_id: "@us:hs.test", device_id: "OURS" });
    (await next()).json(said("M_UNRECOGNIZED"), 404);
    expect((await next("/sync")).query.get("since")).toBe("s1");
    subscription.unsubscribe();
  });

  it("emits a batch before the next poll, which leaves at once", async () => {
    const { transport, next, identify, asked, clock } = scripted();
    const underWay: number[] = [];
    const subscription = transport.batches$.subscribe(() => underWay.push(asked.length));
    await identify();
    (await next("/sync")).json({ next_batch: "s1" });
    await clock.advance(0);
    (await next("/sync")).json({ next_batch: "s2" });
    await clock.advance(0);
    expect([underWay, asked.length]).toEqual([[0, 0], 1]);
    subscription.unsubscribe();
  });

  it("goes on from a place that another transport has come to, with news, and with what rooms are like", async () => {
    const { transport, next, asked } = scripted({ since: "s7" });
    const batches: EventBatch[] = [];
    const subscription = transport.batches$.subscribe((batch) => batches.push(batch));
    const whoami = await next();
    expect([whoami.path, asked.length]).toEqual(["/account/whoami", 0]);
    whoami.json({ user_id: "@us:hs.test", device_id: "OURS" });
    (await next("/keys/query")).json({ device_keys: {} });
    const first = await next();
    expect(Object.fromEntries(first.query)).toMatchObject({ since: "s7", timeout: "0", full_state: "true" });
    first.json({ next_batch: "s8" });
    const second = await next();
    expect(Object.fromEntries(second.query)).toMatchObject({ since: "s8", timeout: "30000" });
    expect(second.query.has("full_state")).toBe(false);
    expect(batches).toMatchObject([{ live: true, position: "s8" }]);
    subscription.unsubscribe();
  });

  it("starts over where the place of another transport is lost", async () => {
    const { transport, next, identify } = scripted({ since: "s7" });
    const batches: EventBatch[] = [];
    const subscription = transport.batches$.subscribe((batch) => batches.push(batch));
    await identify();
    (await next("/sync")).json(said("M_UNKNOWN"), 400);
    const over = await next("/sync");
    expect(over.query.has("since")).toBe(false);
    over.json({ next_batch: "t1" });
    await next("/sync");
    expect(batches).toMatchObject([{ live: false, position: "t1" }]);
    subscription.unsubscribe();
  });

  it("aborts the request under way when it is unsubscribed, and leaves no timer", async () => {
    const { next, subscription, clock, asked, connected } = await watched();
    (await next()).json({ next_batch: "s1" });
    const { signal } = await next();
    subscription.unsubscribe();
    expect(signal.aborted).toBe(true);
    await clock.advance(600_000);
    expect(asked).toHaveLength(0);
    expect(connected).toEqual([false, true, false]);
  });

  it("cuts off a poll that is never answered, and asks again from the same place", async () => {
    const { next, clock, connected, subscription } = await watched();
    (await next()).json({ next_batch: "s1" });
    const { signal } = await next();
    await clock.advance(44_999);
    expect(signal.aborted).toBe(false);
    await clock.advance(1);
    expect(signal.aborted).toBe(true);
    expect(connected).toEqual([false, true, false]);
    await clock.advance(500);
    const again = await next();
    // At once, to know that we are back.
    expect(Object.fromEntries(again.query)).toMatchObject({ since: "s1", timeout: "0" });
    again.json({ next_batch: "s1" });
    expect((await next()).query.get("timeout")).toBe("30000");
    expect(connected).toEqual([false, true, false, true]);
    subscription.unsubscribe();
  });

  it("gives a first sync of many rooms 2 minutes", async () => {
    const { next, clock, subscription } = await watched();
    const { signal } = await next();
    await clock.advance(119_999);
    expect(signal.aborted).toBe(false);
    await clock.advance(1);
    expect(signal.aborted).toBe(true);
    subscription.unsubscribe();
  });

  it("P30 tries again with growing delays, up to 5 s, or when the homeserver says", async () => {
    const { next, clock, asked, subscription } = await watched();
    (await next()).json({ next_batch: "s1" });
    const wait = async (delay: number) => {
      await clock.advance(delay - 1);
      expect(asked).toHaveLength(0);
      await clock.advance(1);
      expect(asked).toHaveLength(1);
    };
    for (const delay of [500, 1_000, 2_000, 4_000, 5_000, 5_000]) {
      (await next()).fail(new TypeError("network"));
      await wait(delay);
    }
    (await next()).json(said("M_LIMIT_EXCEEDED"), 429, { "Retry-After": "40" });
    await wait(40_000);
    (await next()).json(said("M_LIMIT_EXCEEDED"), 429, { "Retry-After": "99999999" });
    await wait(300_000);
    (await next()).json({ next_batch: "s2" });
    (await next()).fail(new TypeError("network"));
    await wait(500);
    subscription.unsubscribe();
  });

  it("takes a login page in between, or an answer that is no sync, for a failure that passes", async () => {
    const { next, clock, error, subscription } = await watched();
    (await next()).answer(new Response("<html>", { headers: { "Content-Type": "text/html" } }));
    await clock.advance(500);
    (await next()).json({ next_batch: 5, rooms: {} });
    await clock.advance(1_000);
    (await next()).json({ next_batch: "s1" });
    expect((await next()).query.get("since")).toBe("s1");
    expect(error()).toBeUndefined();
    subscription.unsubscribe();
  });

  it("starts over where the homeserver has lost our place, with history again", async () => {
    const { next, batches, subscription } = await watched();
    (await next()).json({ next_batch: "s1" });
    (await next()).json({ next_batch: "s2" });
    (await next()).json(said("M_UNKNOWN"), 400);
    const over = await next();
    expect([over.query.has("since"), over.query.get("timeout")]).toEqual([false, "0"]);
    over.json({ next_batch: "t1" });
    expect((await next()).query.get("since")).toBe("t1");
    expect(batches.map(({ live }) => live)).toEqual([false, true, false]);
    subscription.unsubscribe();
  });

  it("does not start over without end where no place is ever taken", async () => {
    const { next, error, clock, asked, connected } = await watched();
    (await next()).json({ next_batch: "s1" });
    (await next()).json(said("M_UNKNOWN"), 400);
    await clock.advance(600_000);
    expect(error()).toEqual(coded("forbidden"));
    expect(asked).toHaveLength(0);
    expect(connected.at(-1)).toBe(false);
  });
});
