import { describe, expect, it } from "vitest";
import type { Call } from "../../src/signaling/call-state.ts";
import type { CallEvent, EventOf, Head } from "../../src/signaling/event-types.ts";
import {
  type ArrivedBatch,
  createRouter as create,
  type Holder,
  type Router as RouterOf,
} from "../../src/signaling/router.ts";
import type { Identity, Party, RoomEvent } from "../../src/streams/contract.ts";
import {
  alice,
  answer,
  batchRead,
  bob,
  command,
  invite,
  invited,
  mallory,
  ours,
  ref,
  run,
  theirs,
} from "./support.ts";

type Router = RouterOf<Holder>;
const createRouter = (us: Identity): Router => create(us);
const us = { userId: bob.userId, deviceId: "D" };
const state = (type: string, content: unknown, stateKey = ""): RoomEvent => ({
  roomId: ref.roomId,
  eventId: "$s",
  sender: alice.userId,
  type,
  stateKey,
  content,
  encrypted: false,
});
const origin = (over: Partial<RoomEvent> = {}): RoomEvent => ({
  roomId: ref.roomId,
  eventId: "$e",
  sender: alice.userId,
  type: "m.call.invite",
  content: {},
  encrypted: false,
  ...over,
});
const batch = (over: Partial<ArrivedBatch> = {}): ArrivedBatch => ({
  live: true,
  receivedAt: 10_000,
  events: [],
  ...over,
});
const route = (router: Router, event: CallEvent, from = origin(), within = batch()) =>
  router.route(event, router.find(event), from, within, () => "B1");
const concerns = (router: Router, head: Head) => router.concerns(head, router.find(head));
/** Holds the call as it is now, in the place of what held it before. */
const keep = (router: Router, call: Call) => {
  const own = router.find(call) ?? { call };
  router.keep(Object.assign(own, { call }));
};
const begun = (router: Router, event: EventOf<"invite"> = invite): Call => {
  const found = route(router, event);
  if (found.type !== "new") throw new Error(found.type);
  keep(router, found.call);
  return found.call;
};
const hangup = (over: Partial<CallEvent> = {}) =>
  ({ ...ref, sender: alice, version: 1, type: "hangup", reason: "user_hangup", ...over }) as CallEvent;

describe("routing", () => {
  it("P40 finds a call by room and id together", () => {
    const router = createRouter(us);
    const call = begun(router);
    const elsewhere = begun(router, { ...invite, roomId: "!other:test" });
    expect(route(router, hangup())).toEqual({ type: "known", own: { call } });
    expect(route(router, hangup({ roomId: "!other:test" }))).toEqual({
      type: "known",
      own: { call: elsewhere },
    });
    expect(route(router, hangup({ roomId: "!third:test" }))).toMatchObject({ type: "dropped" });
    expect(route(router, hangup({ callId: "other" }))).toMatchObject({ type: "dropped" });
  });

  it("P5 knows our echo by party, not by user", () => {
    const router = createRouter(us);
    begun(router);
    const rejectBy = (sender: Party): Head => ({ ...ref, eventType: "m.call.reject", sender, version: 1 });
    expect(concerns(router, rejectBy(bob))).toBe(false);
    expect(concerns(router, rejectBy({ userId: bob.userId, partyId: "B2" }))).toBe(true);
    expect(concerns(router, rejectBy({ userId: bob.userId }))).toBe(true);
    expect(concerns(router, rejectBy({ userId: alice.userId, partyId: bob.partyId }))).toBe(true);
  });

  it("P34 takes a hangup of ours in a call that lives for news: the homeserver sent it", () => {
    const router = createRouter(us);
    const call = begun(router);
    const byUs = hangup({ sender: bob, eventType: "m.call.hangup" });
    expect(concerns(router, byUs)).toBe(true);
    expect(route(router, byUs)).toEqual({ type: "known", own: { call } });
  });

  it("P40 reads nothing of calls that are not known but what begins them, or ends them before", () => {
    const router = createRouter(us);
    begun(router);
    const other = { roomId: "!other:test" };
    expect(concerns(router, invite)).toBe(true);
    expect(concerns(router, { ...invite, ...other })).toBe(true);
    expect(concerns(router, hangup({ ...other, eventType: "m.call.hangup" }))).toBe(true);
    expect(concerns(router, { ...invite, ...other, eventType: "m.call.answer" })).toBe(false);
  });

  it("P13 knows rooms where calls do not belong, and forgets when they do", () => {
    const router = createRouter(us);
    expect(router.isGroup(ref.roomId)).toBe(false);
    for (const [joined, group] of [
      [2, false],
      [3, true],
      [2, false],
    ] as const) {
      router.count([
        { roomId: ref.roomId, joined },
        { roomId: "!other:test", joined: 9 },
      ]);
      expect(router.isGroup(ref.roomId)).toBe(group);
    }
    router.count(undefined);
    expect(router.isGroup("!other:test")).toBe(true);
  });

  it("P42 drops plaintext in an encrypted room", () => {
    const router = createRouter(us);
    router.note(state("m.room.encryption", { algorithm: "m.megolm.v1.aes-sha2" }));
    expect(route(router, invite)).toEqual({ type: "dropped", why: "plaintext in an encrypted room" });
    expect(route(router, invite, origin({ encrypted: true })).type).toBe("new");
  });

  it("P18 names the calls that lose their peer, or us", () => {
    const router = createRouter(us);
    const call = begun(router);
    expect(router.losers(state("m.room.member", { membership: "leave" }, mallory.userId))).toEqual([]);
    expect(router.losers(state("m.room.member", { membership: "join" }, alice.userId))).toEqual([]);
    expect(router.losers(state("m.room.member", { membership: "leave" }, alice.userId))).toEqual([
      { own: { call }, who: "peer" },
    ]);
    expect(router.losers(state("m.room.member", { membership: "ban" }, bob.userId))).toEqual([
      { own: { call }, who: "us" },
    ]);
    expect(router.losers(state("m.room.member", null, alice.userId))).toEqual([]);
    const elsewhere = {
      ...state("m.room.member", { membership: "leave" }, alice.userId),
      roomId: "!other:test",
    };
    expect(router.losers(elsewhere)).toEqual([]);
  });

  it("P18 names the call whose invitee leaves before an answer", () => {
    const router = createRouter({ userId: alice.userId, deviceId: "D" });
    keep(router, ours());
    expect(router.losers(state("m.room.member", { membership: "leave" }, bob.userId))).toEqual([
      { own: { call: ours() }, who: "peer" },
    ]);
  });

  it("P12 knows public rooms", () => {
    const router = createRouter(us);
    expect(router.isPublic(ref.roomId)).toBe(false);
    router.note(state("m.room.join_rules", { join_rule: "public" }));
    expect(router.isPublic(ref.roomId)).toBe(true);
    router.note(state("m.room.join_rules", { join_rule: "invite" }));
    expect(router.isPublic(ref.roomId)).toBe(false);
  });
});

describe("invites", () => {
  it("P11 is for us where it names us or nobody", () => {
    const router = createRouter(us);
    expect(route(router, { ...invite, invitee: bob.userId }).type).toBe("new");
    expect(route(router, invite).type).toBe("new");
    expect(route(router, { ...invite, invitee: mallory.userId })).toMatchObject({ type: "dropped" });
  });

  it("P11 P5 is not for us from our own user, unless it names us", () => {
    const router = createRouter(us);
    const own = { ...invite, sender: { userId: bob.userId, partyId: "B9" } };
    expect(route(router, own)).toMatchObject({ type: "dropped" });
    expect(route(router, { ...own, invitee: bob.userId }).type).toBe("new");
  });

  it.each([
    ["fresh", 0, true],
    ["just in time", 88_000, true],
    ["old", 88_001, false],
    ["expired", 95_000, false],
    ["absurd", Number.MAX_VALUE, false],
  ])("P7 P8 rings where enough time is left: %s", (_what, age, rings) => {
    const found = route(createRouter(us), { ...invite, age });
    expect(found.type).toBe(rings ? "new" : "dropped");
  });

  it("P8 counts age from the moment the batch came", () => {
    const at = (age: number) => {
      const found = route(createRouter(us), { ...invite, age }, origin(), batch({ receivedAt: 50_000 }));
      return found.type === "new" ? found.call.expiresAt : undefined;
    };
    expect(at(30_000)).toBe(50_000 - 30_000 + 90_000);
    expect(at(0)).toBe(50_000 + 90_000);
  });

  it("P10 does not ring history of an unknown age", () => {
    const rings = (event: CallEvent, live: boolean) =>
      route(createRouter(us), event, origin(), batch({ live })).type === "new";
    expect(rings(invite, false)).toBe(false);
    expect(rings(invite, true)).toBe(true);
    expect(rings({ ...invite, age: 1_000 }, false)).toBe(true);
  });

  it("P46 lets the newest call of each caller in a room ring, and knows the older ones", () => {
    const router = createRouter(us);
    const first = begun(router, { ...invite, age: 30_000 });
    const second = begun(router, { ...invite, callId: "second", age: 20_000 });
    expect(router.olderThan(second)).toEqual([{ call: first }]);
    expect(router.olderThan({ ...second, peer: mallory } as Call)).toEqual([]);
    expect(router.olderThan({ ...second, roomId: "!other:test" })).toEqual([]);
    keep(router, run(first, { type: "superseded" }).call);
    expect(router.olderThan(second)).toEqual([]);
  });

  it("P46 P8 drops an invite that is older than the caller's last call, though that has ended", () => {
    const router = createRouter(us);
    const newest = begun(router, { ...invite, age: 5_000 });
    const older = { ...invite, callId: "older", age: 20_000 };
    const why = "an invite of a caller who has called again since";
    expect(route(router, older)).toEqual({ type: "dropped", why });
    expect(route(router, { ...older, sender: mallory }).type).toBe("new");
    keep(router, run(newest, { type: "expired" }).call);
    expect(route(router, older)).toEqual({ type: "dropped", why });
    // Of two that were sent about then, the one that comes later is the newer.
    expect(route(router, { ...older, age: 7_000 }).type).toBe("new");
  });

  it("P46 does not hold an answered call for one that rings", () => {
    const router = createRouter(us);
    const answered = run(begun(router), batchRead(), command({ type: "answer", ...answer })).call;
    keep(router, answered);
    const second = begun(router, { ...invite, callId: "second" });
    expect(router.olderThan(second)).toEqual([]);
    expect(router.mayRing(second)).toBe(true);
  });

  it("P44 does not count our own calls among those that ring", () => {
    const router = createRouter(us);
    for (let index = 0; index < 100; index += 1)
      keep(router, { ...invited(), callId: `c${index}`, invitee: `@u${index}:test` });
    expect(route(router, invite).type).toBe("new");
  });

  it("rings for a call whose candidates came before its invite", () => {
    const router = createRouter(us);
    route(router, { ...hangup(), type: "candidates", candidates: [] } as CallEvent);
    expect(route(router, invite).type).toBe("new");
  });

  it("P44 bounds how many ring at once and how many wait, and what it remembers of calls that are over", () => {
    const router = createRouter(us);
    for (let index = 0; index < 128; index += 1) {
      const call = begun(router, { ...invite, sender: { userId: `@u${index}:test` }, callId: `c${index}` });
      expect(router.mayRing(call)).toBe(index < 64);
      if (index < 64) keep(router, run(call, batchRead()).call);
    }
    const beyond = { type: "dropped", why: "an invite beyond the number that may wait to ring" };
    expect(route(router, { ...invite, callId: "more" })).toEqual(beyond);
    expect(route(router, { ...invite, callId: "again", sender: { userId: "@u9:test" } }).type).toBe("new");
    for (let index = 0; index < 5_000; index += 1) route(router, hangup({ callId: `x${index}` }));
    expect(route(router, { ...invite, callId: "x1" })).toEqual(beyond);
  });

  it("does not ring for a call that is over, nor for one whose hangup came first", () => {
    const router = createRouter(us);
    keep(router, run(theirs(), { type: "expired" }).call);
    expect(route(router, invite)).toMatchObject({
      type: "dropped",
      why: "an invite for a call that is over",
    });
    route(router, hangup({ callId: "later" }));
    expect(route(router, { ...invite, callId: "later" })).toMatchObject({ type: "dropped" });
    expect(route(router, { ...invite, callId: "later", sender: mallory }).type).toBe("new");
  });

  it("is not upset by ids that are no text", () => {
    const router = createRouter(us);
    const call = begun(router, { ...invite, callId: "\ud800", sender: { userId: "\udfff" } });
    keep(router, run(call, { type: "expired" }).call);
    expect(route(router, { ...invite, callId: "\ud800" }).type).toBe("dropped");
  });

  it("forgets calls that are over", () => {
    const router = createRouter({ userId: alice.userId, deviceId: "D" });
    keep(router, ours());
    expect(router.live()).toHaveLength(1);
    keep(router, run(ours(), { type: "left", who: "us" }).call);
    expect(router.live()).toEqual([]);
    expect(router.find(ref)).toBeUndefined();
  });
});
