import { describe, expect, it } from "vitest";
import { encode } from "../../src/signaling/encode.ts";
import type { Party, RoomEvent } from "../../src/streams/contract.ts";
import { TrunklineError } from "../../src/streams/errors.ts";
import { NO_MEMORY } from "../../src/streams/memory.ts";
import { callsWorld, endOf, said } from "./calls-world.ts";
import {
  alice,
  answer,
  batchRead,
  bob,
  bobsTablet,
  command,
  mallory,
  offer,
  ref,
  ringing,
  run,
  theirs,
} from "./support.ts";

type World = ReturnType<typeof callsWorld>;
const invite = (party: Required<Party>, callId: string, over: Partial<RoomEvent> = {}, lifetime = 90_000) =>
  said(party, encode.invite(endOf(party, callId), offer, lifetime, alice.userId), over);
const hangup = (party: Required<Party>, callId: string) =>
  said(party, encode.hangup(endOf(party, callId), "user_hangup"));
const news = (world: World, callId: string) =>
  world.news({ callId }).map((signal) => (signal.type === "ended" ? signal.end.reason : signal.type));
const caller = (index: number): Required<Party> => ({ userId: `@u${index}:test`, partyId: "P" });

describe.each([
  ["the same device", bob],
  ["another device", bobsTablet],
])("a caller who calls again from %s", (_which, again) => {
  it("P46 rings by the new call; the old one ends by the peer", async () => {
    const world = callsWorld();
    world.read([invite(bob, "first")]);
    await world.clock.advance(10_000);
    world.read([invite(again, "second")]);
    expect(news(world, "first")).toEqual(["incoming", "called_again"]);
    expect(world.news({ callId: "first" }).at(-1)).toMatchObject({ end: { by: "peer" } });
    expect(news(world, "second")).toEqual(["incoming"]);
    const ended = world.signals.findIndex((signal) => signal.type === "ended");
    const rings = world.signals.findIndex(
      (signal) => signal.type === "incoming" && signal.callId === "second",
    );
    expect(ended).toBeLessThan(rings);
    await world.clock.advance(90_000);
    expect(news(world, "second")).toEqual(["incoming", "invite_timeout"]);
    expect(world.clock.pending).toBe(0);
    expect(world.sent).toEqual([]);
  });

  it("P46 is not disturbed by what is left of the old call", async () => {
    const world = callsWorld();
    world.read([invite(bob, "first")]);
    await world.clock.advance(10_000);
    world.read([invite(again, "second")]);
    world.read([hangup(bob, "first"), invite(bob, "first")]);
    expect(news(world, "second")).toEqual(["incoming"]);
    expect(news(world, "first")).toEqual(["incoming", "called_again"]);
  });

  it.each([
    ["both invites", () => [invite(bob, "first"), invite(again, "second")]],
    [
      "both, then the hangup of the first",
      () => [invite(bob, "first"), invite(again, "second"), hangup(bob, "first")],
    ],
    ["the hangup between them", () => [invite(bob, "first"), hangup(bob, "first"), invite(again, "second")]],
    [
      "the older after the newer",
      () => [invite(again, "second", { age: 1_000 }), invite(bob, "first", { age: 9_000 })],
    ],
  ])("P46 P9 rings once where one sync brings %s", (_what, events) => {
    const world = callsWorld();
    world.read(events());
    expect(news(world, "first")).toEqual([]);
    expect(news(world, "second")).toEqual(["incoming"]);
  });

  it("P46 has lost the first call even where the second is withdrawn", () => {
    const world = callsWorld();
    world.read([invite(bob, "first"), invite(again, "second"), hangup(again, "second")]);
    expect([news(world, "first"), news(world, "second")]).toEqual([[], []]);
  });

  it("P46 P8 rings by the newer where the older comes later", async () => {
    const world = callsWorld();
    world.read([invite(again, "second", { age: 1_000 })]);
    await world.clock.advance(5_000);
    world.read([invite(bob, "first", { age: 20_000 })]);
    expect(news(world, "first")).toEqual([]);
    expect(world.dropped({ callId: "first" })).toEqual(["m.call.invite"]);
    expect(news(world, "second")).toEqual(["incoming"]);
  });

  it("P46 rings beside the first, where that was answered", async () => {
    const world = callsWorld();
    world.read([invite(bob, "first")]);
    await world.calls.dispatch({ ...ref, callId: "first", type: "answer", ...answer });
    await world.clock.advance(10_000);
    world.read([invite(again, "second")]);
    expect([news(world, "first"), news(world, "second")]).toEqual([["incoming"], ["incoming"]]);
  });

  it("P46 leaves another room, and another caller, alone", async () => {
    const world = callsWorld();
    world.read([invite(bob, "first")]);
    await world.clock.advance(10_000);
    world.read([invite(again, "second", { roomId: "!other:test" }), invite(mallory, "third")]);
    expect(news(world, "first")).toEqual(["incoming"]);
    expect([news(world, "second"), news(world, "third")]).toEqual([["incoming"], ["incoming"]]);
  });
});

describe("glare", () => {
  it.each([
    ["loses to ours, though an older one would win", "b", "c", "a"],
    ["wins against ours, though an older one would lose", "b", "a", "c"],
  ])("P21 P46 is with the newest call, which %s", async (_what, ours, newest, older) => {
    for (const batches of [[[older, newest]], [[older], [newest]]]) {
      const world = callsWorld();
      for (const ids of batches.slice(0, -1)) world.read(ids.map((id) => invite(bob, id)));
      await world.clock.advance(10_000);
      const mine = await world.place(ours);
      world.read((batches.at(-1) ?? []).map((id) => invite(bob, id)));
      const wins = newest < ours;
      expect(news(world, newest)).toEqual(wins ? ["incoming"] : []);
      if (wins) expect(world.news({ callId: newest })).toMatchObject([{ replaces: ours }]);
      expect(news(world, older)).toEqual(batches.length === 1 ? [] : ["incoming", "called_again"]);
      expect(world.news(mine).map(({ type }) => type)).toEqual(["invited"]);
    }
  });

  it("P21 P46 is with a call that waits to ring as with one that comes in", async () => {
    const world = callsWorld();
    for (let index = 0; index < 64; index += 1) world.read([invite(caller(index), `c${index}`)]);
    world.read([invite(bob, "waits")]);
    expect(news(world, "waits")).toEqual([]);
    await world.place("mine", { invite: false });
    expect(world.news({ callId: "waits" })).toMatchObject([{ type: "incoming", replaces: "mine" }]);
    expect(news(world, "mine")).toEqual([]);
  });
});

describe("a call that cannot ring yet", () => {
  const full = (lifetime?: number) => {
    const world = callsWorld();
    for (let index = 0; index < 64; index += 1)
      world.read([invite(caller(index), `c${index}`, {}, lifetime)]);
    return world;
  };

  it.each<[string, (world: World) => unknown]>([
    ["is hung up", (world) => world.read([hangup(caller(0), "c0")])],
    ["is rejected", (world) => world.calls.dispatch({ ...ref, callId: "c0", type: "reject" })],
    ["is answered", (world) => world.calls.dispatch({ ...ref, callId: "c0", type: "answer", ...answer })],
    ["expires", (world) => world.clock.advance(30_000)],
  ])("P46 rings when one that rings %s, with what came meanwhile", async (_what, free) => {
    const world = full(30_000);
    world.read([invite(bob, "waits")]);
    world.read([said(bob, encode.candidates(endOf(bob, "waits"), [{ candidate: "", sdpMid: "0" }]))]);
    expect(news(world, "waits")).toEqual([]);
    await free(world);
    expect(news(world, "waits")).toEqual(["incoming", "candidates"]);
  });

  it("P9 P46 rings for no call that the same batch hangs up", () => {
    const world = full();
    world.read([invite(bob, "waits")]);
    world.read([hangup(caller(0), "c0"), hangup(bob, "waits")]);
    expect(news(world, "waits")).toEqual([]);
  });

  it("P7 P8 P46 does not ring when it is too late to answer it", async () => {
    const world = full(30_000);
    world.read([invite(bob, "waits", {}, 31_000)]);
    await world.clock.advance(100_000);
    expect(news(world, "waits")).toEqual([]);
    expect(world.clock.pending).toBe(0);
  });

  it("P46 gives way to its caller's next while it waits", async () => {
    const world = full(30_000);
    world.read([invite(bob, "one")]);
    world.read([invite(bobsTablet, "two")]);
    await world.clock.advance(30_000);
    expect([news(world, "one"), news(world, "two")]).toEqual([[], ["incoming"]]);
  });

  it("P44 P46 is one of 64 at most", () => {
    const world = full();
    for (let index = 64; index < 200; index += 1) world.read([invite(caller(index), `c${index}`)]);
    for (let index = 0; index < 64; index += 1) world.read([hangup(caller(index), `c${index}`)]);
    expect(world.signals.filter(({ type }) => type === "incoming")).toHaveLength(128);
  });
});

describe("a caller who calls without end", () => {
  it("P44 P46 makes it ring once a second at most, and by the newest in the end", async () => {
    const world = callsWorld();
    for (let index = 0; index < 50; index += 1) {
      world.read([invite(bob, `c${index}`)]);
      await world.clock.advance(100);
    }
    const rang = world.signals.flatMap((signal) => (signal.type === "incoming" ? [signal.callId] : []));
    expect(rang.length).toBeLessThanOrEqual(6);
    expect(rang.length).toBeGreaterThanOrEqual(4); // no call rings on because of those that follow
    await world.clock.advance(1_000);
    expect(news(world, "c49")).toEqual(["incoming"]);
    const ringing = rang.filter((id) => id !== "c49").map((id) => news(world, id).at(-1));
    expect(new Set(ringing)).toEqual(new Set(["called_again"]));
  });
});

describe("a call that is superseded", () => {
  const superseded = { type: "superseded" } as const;
  it("P7 P46 can be answered for as long as its invite is good, in the second that it still rings", async () => {
    const down = new TrunklineError("homeserver_unreachable", "down");
    const world = callsWorld(alice, undefined, NO_MEMORY, [down, down, down, down]);
    world.read([invite(bob, "first")]);
    await world.clock.advance(200);
    world.read([invite(bob, "second")]);
    await world.clock.advance(100);
    const answering = world.calls.dispatch({
      roomId: ref.roomId,
      callId: "first",
      type: "answer",
      ...answer,
    });
    await world.clock.advance(30_000);
    await answering;
    expect(world.types()).toEqual(["answer"]);
    expect([news(world, "first"), news(world, "second")]).toEqual([["incoming"], ["incoming"]]);
  });

  it("P46 rings no longer in an engine that goes on with it, nor the more often its caller calls", async () => {
    const world = callsWorld();
    world.watch();
    world.read([invite(bob, "first")]);
    await world.clock.advance(200);
    world.read([invite(bob, "second")]);
    await world.clock.advance(700);
    world.read([invite(bob, "third")]);
    const next = callsWorld(alice, undefined, world.memory());
    await next.clock.advance(1);
    expect(news(next, "first")).toEqual(["called_again"]);
    await world.clock.advance(301);
    expect([news(world, "first"), news(world, "third")]).toEqual([
      ["incoming", "called_again"],
      ["incoming"],
    ]);
  });

  it("P46 rings a second at least, and goes on where it was answered or is ours", () => {
    const soon = run(ringing(), superseded);
    expect(soon.effects).toEqual([{ type: "expire_at", at: 2_000 }]);
    expect(run({ ...ringing(), expiresAt: 1_500 }, superseded).call.expiresAt).toBe(1_500);
    expect(run(soon.call, command({ type: "answer", ...answer }), { type: "expired" }).call.state).toBe(
      "answered_in",
    );
    expect(run(theirs(), superseded, batchRead()).effects).toEqual([]);
  });
});
