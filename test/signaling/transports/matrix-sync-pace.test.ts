import { describe, expect, it } from "vitest";
import { said, watched } from "./scripted.ts";

type Watched = Awaited<ReturnType<typeof watched>>;

const EVENTS = [{ event_id: "$1", sender: "@a:x", type: "m.call.hangup", content: {} }];
const news = (next_batch: string) => ({
  next_batch,
  rooms: { join: { "!r": { timeline: { events: EVENTS } } } },
});

/** Answers every sync at once for so long, in ms, and counts them. */
async function answering({ asked, next, clock }: Watched, forMs: number, answer: (count: number) => object) {
  let count = 0;
  const end = clock.now() + forMs;
  for (;;) {
    while (asked.length > 0) {
      count += 1;
      (await next("/sync")).json(answer(count));
      await clock.advance(0);
    }
    if (clock.now() >= end) return count;
    await clock.advance(100);
  }
}

/** How long after an answer the next poll leaves, in ms. */
async function pauseAfter({ asked, next, clock }: Watched, answer: object) {
  while (asked.length === 0) await clock.advance(100);
  (await next("/sync")).json(answer);
  const before = clock.now();
  await clock.advance(0);
  while (asked.length === 0) await clock.advance(100);
  return clock.now() - before;
}

describe("the pace of the sync", () => {
  it("falls to one poll in 5 s where all are answered at once with the same place", async () => {
    const world = await watched();
    expect(await answering(world, 20_000, () => ({ next_batch: "s1" }))).toBeLessThan(15);
    expect(await answering(world, 60_000, () => ({ next_batch: "s1" }))).toBeLessThanOrEqual(12);
    expect(world.connected.at(-1)).toBe(true);
    world.subscription.unsubscribe();
  });

  it("falls to one poll a second where the place moves on without news", async () => {
    const world = await watched();
    await answering(world, 10_000, (count) => ({ next_batch: `s${count}` }));
    expect(await answering(world, 60_000, (count) => ({ next_batch: `t${count}` }))).toBeLessThanOrEqual(60);
    expect(await pauseAfter(world, { next_batch: "u" })).toBeLessThanOrEqual(1_000);
    world.subscription.unsubscribe();
  });

  it("does not take the same events over and over, at the same place, for news", async () => {
    const world = await watched();
    expect(await answering(world, 30_000, () => news("s1"))).toBeLessThan(20);
    world.subscription.unsubscribe();
  });

  it("is that of the answers where there is news", async () => {
    const world = await watched();
    for (let count = 0; count < 50; count += 1) expect(await pauseAfter(world, news(`s${count}`))).toBe(0);
    world.subscription.unsubscribe();
  });

  it("is full again after news", async () => {
    const world = await watched();
    await answering(world, 30_000, () => ({ next_batch: "s1" }));
    await world.clock.advance(5_000);
    expect(await pauseAfter(world, news("s2"))).toBe(0);
    expect(await pauseAfter(world, { next_batch: "s3" })).toBe(0);
    world.subscription.unsubscribe();
  });

  it("is full again after a poll that was held", async () => {
    const world = await watched();
    await answering(world, 30_000, () => ({ next_batch: "s1" }));
    await world.clock.advance(5_000);
    await world.clock.advance(1_000);
    expect(await pauseAfter(world, { next_batch: "s1" })).toBe(0);
    world.subscription.unsubscribe();
  });

  it("does not slow a sync whose polls are cut off after a while", async () => {
    const world = await watched();
    const { next, clock, subscription } = world;
    (await next("/sync")).json({ next_batch: "s1" });
    for (let count = 0; count < 10; count += 1) {
      const poll = await next("/sync");
      await clock.advance(20_000);
      poll.fail(new TypeError("cut"));
      await clock.advance(500);
      expect(await pauseAfter(world, { next_batch: "s1" })).toBe(0);
    }
    subscription.unsubscribe();
  });

  it("falls where every other poll fails at once", async () => {
    const { asked, next, clock, subscription } = await watched();
    let polls = 0;
    for (let ms = 0; ms < 60_000; ms += 100) {
      while (asked.length > 0) {
        polls += 1;
        const request = await next("/sync");
        if (request.query.get("timeout") === "0") request.json({ next_batch: "s1" });
        else request.answer(new Response("<h1>504</h1>", { status: 504 }));
        await clock.advance(0);
      }
      await clock.advance(100);
    }
    expect(polls).toBeLessThan(60);
    subscription.unsubscribe();
  });

  it("falls where the homeserver loses our place over and over", async () => {
    const { asked, next, clock, subscription } = await watched();
    let polls = 0;
    for (let ms = 0; ms < 60_000; ms += 100) {
      while (asked.length > 0 && polls < 500) {
        polls += 1;
        const request = await next("/sync");
        const since = request.query.get("since");
        if (since === "s2") request.json(said("M_UNKNOWN"), 400);
        else request.json({ next_batch: since === "s1" ? "s2" : "s1" });
        await clock.advance(0);
      }
      await clock.advance(100);
    }
    expect(polls).toBeLessThan(120);
    subscription.unsubscribe();
  });

  it("leaves no timer behind", async () => {
    const world = await watched();
    await answering(world, 10_000, () => ({ next_batch: "s1" }));
    world.subscription.unsubscribe();
    await world.clock.advance(60_000);
    expect(world.asked).toHaveLength(0);
  });
});
