import { NEVER, throwError } from "rxjs";
import { describe, expect, it } from "vitest";
import { encode } from "../../src/signaling/encode.ts";
import { createEngine } from "../../src/signaling/engine.ts";
import type { FinalRequest, Memory, Transport } from "../../src/streams/contract.ts";
import { TrunklineError } from "../../src/streams/errors.ts";
import { virtualClock } from "../../src/testing/clock.ts";
import { callsWorld, endOf, inviteBy, said } from "./calls-world.ts";
import { alice, answer, bob, ref } from "./support.ts";

const down = new TrunklineError("homeserver_unreachable", "down");
const theirs = { roomId: ref.roomId, callId: "theirs" };

type World = ReturnType<typeof callsWorld>;

/** What a page that closes now would send: the call, and the event's type, transaction and reason. */
const unsaid = ({ prepared }: Pick<World, "prepared">) =>
  prepared()?.map(({ callId, url, body }: FinalRequest) => {
    const [type, txnId] = url.split("/").slice(-2);
    return { callId, type, txnId, reason: JSON.parse(body).reason };
  });

const ringing = () => {
  const world = callsWorld();
  world.read([inviteBy(bob, "theirs")]);
  return world;
};

describe("what a page that closes has to send", () => {
  it("is nothing while there is no call, or one whose invite is not made", async () => {
    const world = callsWorld();
    expect(unsaid(world)).toEqual([]);
    await world.place("mine", { invite: false });
    expect(unsaid(world)).toEqual([]);
  });

  it("P30 is the hangup of a call of ours from its invite on, with the transaction of an ordinary hangup", async () => {
    const world = callsWorld();
    world.faults.push(down);
    const mine = await world.place("mine", { invite: false });
    const inviting = world.calls.dispatch({
      ...mine,
      type: "invite",
      description: { type: "offer", sdp: "o" },
    });
    expect(unsaid(world)).toMatchObject([{ callId: "mine", type: "m.call.hangup", reason: "user_hangup" }]);
    await world.clock.advance(1_000);
    await inviting;
    const [{ txnId, url, body } = {}] = (unsaid(world) ?? []).map((seen, i) => ({
      ...world.prepared()?.[i],
      ...seen,
    }));
    await world.calls.dispatch({ ...mine, type: "hangup", reason: "user_hangup" });
    expect(world.sent.at(-1)).toMatchObject({
      type: "m.call.hangup",
      txnId,
      content: JSON.parse(String(body)),
    });
    expect(url).toContain(ref.roomId);
    expect(unsaid(world)).toEqual([]);
  });

  it("P48 is nothing of a call that only rings here", () => {
    expect(unsaid(ringing())).toEqual([]);
  });

  it("is the hangup of a call that was answered here, until it ends", async () => {
    const world = ringing();
    await world.calls.dispatch({ ...theirs, type: "answer", ...answer });
    expect(unsaid(world)).toMatchObject([{ callId: "theirs", type: "m.call.hangup" }]);
    world.read([said(bob, encode.hangup(endOf(bob, "theirs"), "user_hangup"))]);
    expect(unsaid(world)).toEqual([]);
  });

  it("is the event that ends a call, for as long as it is on its way", async () => {
    const world = ringing();
    world.faults.push(down);
    const rejecting = world.calls.dispatch({ ...theirs, type: "reject" });
    expect(unsaid(world)).toMatchObject([{ callId: "theirs", type: "m.call.reject" }]);
    const txnId = unsaid(world)?.[0]?.txnId;
    await world.clock.advance(1_000);
    await rejecting;
    expect(world.sent.at(-1)).toMatchObject({ type: "m.call.reject", txnId });
    expect(unsaid(world)).toEqual([]);
  });

  it("is the hangup of each call, under its own transaction", async () => {
    const world = callsWorld();
    await world.place("first");
    await world.place("second");
    expect(unsaid(world)).toMatchObject([{ callId: "first" }, { callId: "second" }]);
    expect(new Set(unsaid(world)?.map(({ txnId }) => txnId)).size).toBe(2);
  });

  it("bears the access token in force, and is none where there can be none", async () => {
    const world = callsWorld();
    await world.place("mine");
    const tokens = () => world.prepared()?.map(({ headers }) => headers.Authorization);
    expect(tokens()).toEqual(["Bearer token"]);
    world.token.next("fresh");
    expect(tokens()).toEqual(["Bearer fresh"]);
    world.token.next(undefined);
    expect(tokens()).toEqual([]);
    world.calls.close();
    expect(world.token.observed).toBe(false);
  });

  it("is known to an engine that goes on where another was lost, before anything happens", async () => {
    const first = callsWorld();
    first.watch();
    await first.place("mine");
    const next = callsWorld(alice, undefined, first.memory());
    expect(unsaid(next)).toEqual(unsaid(first));
  });

  it("waits for nobody, and ends nothing, where the transport fails to prepare it", async () => {
    const { engine, lists, clock } = engineOn({ prepareSend: () => throwError(() => down) });
    await clock.advance(0);
    await engine.dispatch({ ...theirs, type: "place" });
    await engine.dispatch({ ...theirs, type: "invite", description: { type: "offer", sdp: "o" } });
    expect(lists.at(-1)).toEqual([]);
    const closing = engine.close();
    await clock.advance(2_000);
    await closing;
  });
});

function engineOn(more: Partial<Transport>, memory?: Memory) {
  const clock = virtualClock();
  const engine = createEngine({
    transport: {
      batches$: NEVER,
      connected$: NEVER,
      identity: async () => ({ userId: alice.userId, deviceId: "D" }),
      send: async () => "$id",
      turnServers: async () => ({ iceServers: [], ttl: 60 }),
      ...more,
    },
    clock,
    ...(memory && { memory }),
  });
  const lists: (readonly FinalRequest[])[] = [];
  let completed = false;
  engine.finalRequests$?.subscribe({ next: (list) => lists.push(list), complete: () => (completed = true) });
  return { engine, lists, clock, completed: () => completed };
}

describe("finalRequests$ of an engine", () => {
  it("says nothing before the calls of the engine before are known, then what there is, and completes", async () => {
    const { engine, lists, clock, completed } = engineOn({});
    expect(lists).toEqual([]);
    await clock.advance(0);
    expect(lists).toEqual([[]]);
    await engine.close();
    expect(completed()).toBe(true);
  });
});

describe("calls that the page takes for live", () => {
  it("end once the first batch has been read, where there is no such call", async () => {
    const first = callsWorld();
    first.watch();
    first.read([inviteBy(bob, "theirs")]);
    const gone = { roomId: ref.roomId, callId: "gone" };
    const next = callsWorld(alice, undefined, first.memory(), [], undefined, [theirs, gone]);
    expect(next.news(gone)).toEqual([]);
    next.read([]);
    next.read([]);
    expect(next.news(gone)).toEqual([
      { type: "ended", ...gone, end: { by: "system", reason: "signalling_failed" } },
    ]);
    expect(next.news(theirs)).toEqual([]);
  });

  it("P9 go on where the batch brings the invite that was not remembered in time", () => {
    const next = callsWorld(alice, undefined, undefined, [], undefined, [theirs]);
    next.read([inviteBy(bob, "theirs")]);
    expect(next.news(theirs)).toMatchObject([{ type: "incoming" }]);
  });
});
