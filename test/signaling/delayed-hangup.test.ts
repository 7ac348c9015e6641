import { describe, expect, it } from "vitest";
import type { Call } from "../../src/signaling/call-state.ts";
import { encode } from "../../src/signaling/encode.ts";
import { callsWorld, endOf, said } from "./calls-world.ts";
import {
  alice,
  answer,
  answeredByThem,
  answeredByUs,
  bob,
  command,
  ends,
  event,
  invited,
  mallory,
  ours,
  ref,
  ringing,
  run,
} from "./support.ts";

const path = (alive: boolean) => command({ type: "path", alive });
const hangup = (sender = bob, reason = "unknown_error") =>
  event(sender, { type: "hangup", reason, delayed: true });
const IGNORED = {
  type: "dropped",
  eventType: "m.call.hangup",
  why: "a delayed hangup while the media path is alive",
};

/** Who is the peer, who we are, and how a hangup of each ends the call. */
const sides: [string, () => Call, typeof alice, typeof alice][] = [
  ["called", answeredByThem, bob, alice],
  ["was called", answeredByUs, alice, bob],
];

describe.each(sides)("P34 a delayed hangup, for one who %s", (_, call, peer, us) => {
  it.each([
    ["of the peer", peer, "peer"],
    ["of our own", us, "system"],
  ] as const)("%s counts while there is no path", (_whose, sender, by) => {
    const end = [{ by, reason: "unknown_error" }];
    expect(ends(run(call(), hangup(sender)).effects)).toEqual(end);
    expect(ends(run(call(), path(true), path(false), hangup(sender)).effects)).toEqual(end);
  });

  it.each([
    ["of the peer", peer, "peer"],
    ["of our own", us, "system"],
  ] as const)("%s is ignored while the path is alive, and counts once it is lost", (_whose, sender, by) => {
    const ignored = run(call(), path(true), hangup(sender));
    expect(ignored.effects).toEqual([IGNORED]);
    expect(ignored.call.state).toBe(call().state);
    expect(run(ignored.call, path(true)).effects).toEqual([]);
    expect(ends(run(ignored.call, path(false)).effects)).toEqual([{ by, reason: "unknown_error" }]);
  });

  it("counts no more once the peer has sent anything else", () => {
    const streams = event(peer, { type: "streams", streams: [] });
    const { call: alive } = run(call(), path(true), hangup(peer), streams, path(false));
    expect(alive.state).toBe(call().state);
    const { effects } = run(
      call(),
      path(true),
      hangup(peer),
      event(mallory, { type: "reject" }),
      path(false),
    );
    expect(ends(effects)).toHaveLength(1);
  });

  it("P41 is nobody else's to send, path or none", () => {
    const { call: next, effects } = run(call(), path(true), hangup(mallory));
    expect(effects).toMatchObject([{ type: "dropped", why: expect.stringContaining("stranger") }]);
    expect(run(next, path(false)).effects).toEqual([]);
  });

  it("is not what the peer sends itself: that ends the call, path or none", () => {
    const { effects } = run(call(), path(true), event(peer, { type: "hangup", reason: "user_hangup" }));
    expect(ends(effects)).toEqual([{ by: "peer", reason: "user_hangup" }]);
  });
});

describe("P34 whether the path is alive", () => {
  it.each([
    ["being prepared", ours],
    ["ringing at the callee", invited],
    ["ringing here", ringing],
    ["over", () => run(answeredByThem(), hangup()).call],
  ])("makes no event and refuses nothing in a call that is %s", (_, call) => {
    expect(run(call(), path(true)).effects).toEqual([]);
    expect(run(call(), path(false)).effects).toEqual([]);
  });

  it("does not matter of a call that is not known", async () => {
    const { calls, signals } = callsWorld();
    await calls.dispatch({ ...ref, type: "path", alive: true });
    await calls.dispatch({ ...ref, type: "path", alive: false });
    expect(signals).toEqual([]);
  });

  it("is known to an engine that goes on, and so is what was ignored", async () => {
    const first = callsWorld(alice);
    first.watch();
    const mine = await first.place("mine");
    first.read([said(bob, encode.answer(endOf(bob, "mine"), answer))]);
    await first.calls.dispatch({ ...mine, type: "path", alive: true });
    const second = callsWorld(alice, undefined, first.memory());
    second.watch();
    second.read([said(bob, encode.delayedHangup(endOf(bob, "mine")))]);
    expect(second.news(mine)).toEqual([]);
    expect(second.dropped(mine)).toEqual(["m.call.hangup"]);
    const third = callsWorld(alice, undefined, second.memory());
    await third.calls.dispatch({ ...mine, type: "path", alive: false });
    expect(third.news(mine)).toMatchObject([{ type: "ended", end: { by: "peer", reason: "unknown_error" } }]);
  });
});
