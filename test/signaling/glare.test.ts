import { describe, expect, it } from "vitest";
import { encode } from "../../src/signaling/encode.ts";
import { givesWay, isGlare, takesPlaceOf } from "../../src/signaling/glare.ts";
import { callsWorld, endOf, inviteBy, said } from "./calls-world.ts";
import {
  alice,
  answer,
  answeredByThem,
  batchRead,
  bob,
  bobsTablet,
  command,
  ends,
  invited,
  mallory,
  offer,
  ours,
  ref,
  ringing,
  run,
  sends,
  signals,
  theirs,
  types,
} from "./support.ts";

/** A call of Bob's to Alice, beside Alice's to Bob. */
const crossing = { ...theirs(), callId: "b", peer: bob, us: alice };

describe("the rule of glare", () => {
  it("P21 is about calls of two users to each other, in one room, ours not answered", () => {
    expect(isGlare(ours(), crossing, false)).toBe(true);
    expect(isGlare(invited(), crossing, false)).toBe(true);
    expect(isGlare(answeredByThem(), crossing, false)).toBe(false);
    expect(isGlare(ringing(), crossing, false)).toBe(false);
    expect(isGlare(run(invited(), { type: "expired" }).call, crossing, false)).toBe(false);
    expect(isGlare(invited(), { ...crossing, roomId: "!other:test" }, false)).toBe(false);
    expect(isGlare(invited(), { ...crossing, peer: mallory }, false)).toBe(false);
    expect(isGlare(invited(), { ...crossing, peer: bobsTablet }, false)).toBe(true);
  });

  it("P21 is not between two calls of theirs", () => {
    const another = { ...crossing, callId: "another", peer: mallory };
    expect(isGlare(another, crossing, false)).toBe(false);
  });

  it("P21 takes the room's other user for the callee where nobody is named, but not in a group", () => {
    const { invitee: _nobody, ...open } = invited();
    expect(isGlare(open, crossing, false)).toBe(true);
    expect(isGlare(open, crossing, true)).toBe(false);
    expect(isGlare(invited(), crossing, true)).toBe(true);
    expect(isGlare(open, { ...crossing, peer: { userId: alice.userId, partyId: "A2" } }, false)).toBe(false);
  });

  it("P5 P21 is between two devices of one user too, where they call each other", () => {
    const tablet = { userId: alice.userId, partyId: "A2" };
    expect(isGlare(invited(alice.userId), { ...crossing, peer: tablet }, false)).toBe(true);
  });

  it.each([
    ["a", "b", false],
    ["b", "a", true],
    ["a", "aa", false],
    ["aa", "a", true],
    ["B", "a", false],
    ["a", "B", true],
    ["9", "10", true],
    ["~", "\u00e9", false],
    ["same", "same", false],
  ])("P21 once sent, ours %j gives way to theirs %j: %s", (mine, other, gives) => {
    expect(givesWay({ ...invited(), callId: mine }, { ...crossing, callId: other })).toBe(gives);
  });

  it("P21 gives way while it is being prepared, whatever the ids", () => {
    expect(givesWay({ ...ours(), callId: "a" }, { ...crossing, callId: "b" })).toBe(true);
  });

  it("P21 no two sides ever both win, or both lose", () => {
    const ids = ["", "0", "A", "Z", "_", "a", "ab", "b", "\u00e9", "\ud800", "z"];
    for (const a of ids)
      for (const b of ids) {
        const [ofA, ofB] = [
          { ...invited(), callId: a },
          { ...invited(), callId: b },
        ];
        if (a !== b) expect(givesWay(ofA, ofB)).not.toBe(givesWay(ofB, ofA));
      }
  });

  it("P21 of several calls of ours one that wins is enough", () => {
    const calls = ["a", "c", "d"].map((callId) => ({ ...invited(), callId }));
    expect(takesPlaceOf(crossing, calls)).toBe(false);
    expect(takesPlaceOf(crossing, calls.slice(1))).toBe(true);
    expect(takesPlaceOf(crossing, [])).toBe(true);
  });

  it("P21 never takes the place of a call that has been answered meanwhile", () => {
    expect(givesWay({ ...answeredByThem(), callId: "c" }, crossing)).toBe(false);
  });
});

describe("a call in glare", () => {
  it("P21 ends without a word while it is being prepared", () => {
    const { call, effects } = run(ours(), { type: "replaced", elsewhere: false });
    expect([call.state, types(effects)]).toEqual(["ended", ["never_expire"]]);
  });

  it("P17 P21 is hung up in the room once it is sent, and nobody here is told", () => {
    const { call, effects } = run(invited(), { type: "replaced", elsewhere: false });
    expect(call.state).toBe("ended");
    expect(sends(effects)).toMatchObject([{ type: "m.call.hangup", content: { reason: "user_hangup" } }]);
    expect(signals(effects)).toEqual([]);
  });

  it("P21 says so where theirs was answered by another device of ours", () => {
    const end = { by: "other_device", reason: "answered_elsewhere" };
    for (const [call, sent] of [
      [ours(), []],
      [invited(), ["m.call.hangup"]],
    ] as const) {
      const { effects } = run(call, { type: "replaced", elsewhere: true });
      expect(ends(effects)).toEqual([end]);
      expect(sends(effects).map(({ type }) => type)).toEqual(sent);
    }
  });

  it("P20 P21 of theirs is announced with the call that it replaces; we are its callee", () => {
    const { call, effects } = run(theirs(), batchRead({ replaces: "ours" }));
    expect(signals(effects)).toMatchObject([{ type: "incoming", replaces: "ours" }]);
    expect(types(effects)).not.toContain("milestone");
    expect(call).toMatchObject({ state: "ringing" });
    expect(sends(run(call, command({ type: "answer", ...answer })).effects)).toMatchObject([
      { type: "m.call.answer" },
    ]);
  });

  it("P7 P21 of theirs expires as any other where it is not answered", () => {
    const { call } = run(theirs(), batchRead({ replaces: "ours" }));
    expect(ends(run(call, { type: "expired" }).effects)).toEqual([
      { by: "system", reason: "invite_timeout" },
    ]);
  });

  it("P21 of theirs that gives way is dropped without a word", () => {
    const { call, effects } = run(theirs(), { type: "outranked" });
    expect(call.state).toBe("ended");
    expect(types(effects)).toEqual(["dropped", "never_expire"]);
  });
});

describe("glare, as it comes in", () => {
  it("P21 cancels ours in preparation and announces theirs, whose id is greater", async () => {
    const { read, place, news, sent, calls } = callsWorld();
    const mine = await place("a", { invite: false });
    read([inviteBy(bob, "b", alice.userId)]);
    expect(news(mine)).toEqual([]);
    expect(news({ callId: "b" })).toMatchObject([{ type: "incoming", replaces: "a", peer: bob }]);
    await expect(calls.dispatch({ ...mine, type: "invite", ...offer })).rejects.toMatchObject({
      code: "unknown_call",
    });
    expect(sent).toEqual([]);
    await calls.dispatch({ roomId: ref.roomId, callId: "b", type: "answer", ...answer });
    expect(sent.map(({ type }) => type)).toEqual(["m.call.answer"]);
  });

  it("P21 lets theirs ring where ours was never made while an invite would have been good", async () => {
    const { read, place, news, clock, types } = callsWorld();
    const mine = await place("a", { invite: false });
    await clock.advance(90_000);
    expect(news(mine)).toEqual([{ ...mine, type: "ended", end: { by: "system", reason: "invite_timeout" } }]);
    read([inviteBy(bob, "b", alice.userId)]);
    expect(news({ callId: "b" })).toMatchObject([{ type: "incoming" }]);
    expect(news({ callId: "b" })[0]).not.toHaveProperty("replaces");
    expect(types()).toEqual([]);
  });

  it("P21 replaces ours by theirs, whose id is less, and hangs ours up in the room", async () => {
    const { read, place, news, types, clock } = callsWorld();
    const mine = await place("c");
    read([inviteBy(bob, "b", alice.userId)]);
    expect(news(mine).map(({ type }) => type)).toEqual(["invited"]);
    expect(news({ callId: "b" })).toMatchObject([{ type: "incoming", replaces: "c" }]);
    await clock.advance(0);
    expect(types()).toEqual(["invite", "hangup"]);
    await clock.advance(100_000);
    expect(news({ callId: "b" }).at(-1)).toMatchObject({ type: "ended", end: { reason: "invite_timeout" } });
    expect(news(mine).map(({ type }) => type)).toEqual(["invited"]);
    expect(clock.pending).toBe(0);
  });

  it("P21 drops theirs, whose id is greater, traces it, and goes on with ours", async () => {
    const { read, place, news, dropped, types } = callsWorld();
    const mine = await place("a");
    read([inviteBy(bob, "b", alice.userId)]);
    expect(news({ callId: "b" })).toEqual([]);
    expect(dropped({ callId: "b" })).toEqual(["m.call.invite"]);
    read([said(bob, encode.answer(endOf(bob, "a"), answer))]);
    expect(news(mine).map(({ type }) => type)).toEqual(["invited", "answered"]);
    expect(types()).toEqual(["invite", "select_answer"]);
  });

  it("P9 P21 goes on with ours where the batch that brings theirs withdraws it", async () => {
    for (const invite of [true, false]) {
      const { read, place, news, types } = callsWorld();
      const mine = await place("c", { invite });
      read([inviteBy(bob, "b", alice.userId), said(bob, encode.hangup(endOf(bob, "b"), "user_hangup"))]);
      expect(news({ callId: "b" })).toEqual([]);
      expect(news(mine).map(({ type }) => type)).toEqual(invite ? ["invited"] : []);
      expect(types()).toEqual(invite ? ["invite"] : []);
    }
  });

  it("P21 is not disturbed by a peer that hangs up ours because theirs wins", async () => {
    const { read, place, news } = callsWorld();
    const mine = await place("c");
    read([inviteBy(bob, "b", alice.userId), said(bob, encode.hangup(endOf(bob, "c"), "user_hangup"))]);
    expect(news(mine).map(({ type }) => type)).toEqual(["invited"]);
    expect(news({ callId: "b" })).toMatchObject([{ type: "incoming", replaces: "c" }]);
  });

  it("P21 believes such a hangup all the same where theirs is withdrawn", async () => {
    const { read, place, news } = callsWorld();
    const mine = await place("c");
    read([
      inviteBy(bob, "b", alice.userId),
      said(bob, encode.hangup(endOf(bob, "c"), "user_busy")),
      said(bob, encode.hangup(endOf(bob, "b"), "user_hangup")),
    ]);
    expect(news(mine).at(-1)).toMatchObject({ type: "ended", end: { by: "peer", reason: "user_busy" } });
    expect(news({ callId: "b" })).toEqual([]);
  });

  it("P21 lets theirs ring where ours would win but is hung up in the same batch", async () => {
    const { read, place, news } = callsWorld();
    const mine = await place("a");
    read([inviteBy(bob, "b", alice.userId), said(bob, encode.hangup(endOf(bob, "a"), "user_busy"))]);
    expect(news(mine).at(-1)).toMatchObject({ type: "ended" });
    const [incoming] = news({ callId: "b" });
    expect(incoming?.type).toBe("incoming");
    expect(incoming).not.toHaveProperty("replaces");
  });

  it("P9 P21 ends ours where another device of ours has taken theirs, which wins", async () => {
    const tablet = { userId: alice.userId, partyId: "A2" };
    for (const [id, told] of [
      ["c", ["invited", "ended"]],
      ["a", ["invited"]],
    ] as const) {
      const { read, place, news } = callsWorld();
      const mine = await place(id);
      read([inviteBy(bob, "b", alice.userId), said(tablet, encode.answer(endOf(tablet, "b"), answer))]);
      expect(news({ callId: "b" })).toEqual([]);
      expect(news(mine).map(({ type }) => type)).toEqual(told);
    }
  });

  it("P21 is not confused by another call that is answered elsewhere in the same batch", async () => {
    const tablet = { userId: alice.userId, partyId: "A2" };
    const { read, place, news } = callsWorld();
    const mine = await place("c");
    read([
      inviteBy(mallory, "m", alice.userId),
      inviteBy(bob, "b", alice.userId),
      said(tablet, encode.answer(endOf(tablet, "m"), answer)),
      { ...said(tablet, encode.answer(endOf(tablet, "b"), answer)), roomId: "!other:test" },
    ]);
    expect(news({ callId: "m" })).toEqual([]);
    expect(news({ callId: "b" })).toMatchObject([{ type: "incoming", replaces: "c" }]);
    expect(news(mine).map(({ type }) => type)).toEqual(["invited"]);
  });

  it("P21 drops theirs where the same batch answers ours: the two are in a call", async () => {
    for (const id of ["a", "c"]) {
      const { read, place, news, dropped } = callsWorld();
      const mine = await place(id);
      read([
        inviteBy(bob, "b", alice.userId),
        said(bobsTablet, encode.answer(endOf(bobsTablet, id), answer)),
      ]);
      expect(news(mine).map(({ type }) => type)).toEqual(["invited", "answered"]);
      expect(news({ callId: "b" })).toEqual([]);
      expect(dropped({ callId: "b" })).toEqual(["m.call.invite"]);
    }
  });

  it("P21 leaves a third user's call alone", async () => {
    const { read, place, news } = callsWorld();
    const mine = await place("z");
    read([inviteBy(mallory, "a", alice.userId)]);
    const [incoming] = news({ callId: "a" });
    expect(incoming?.type).toBe("incoming");
    expect(incoming).not.toHaveProperty("replaces");
    expect(news(mine).map(({ type }) => type)).toEqual(["invited"]);
  });

  it("P13 P21 lets theirs ring beside ours in a group where ours names nobody", async () => {
    const { read, place, news } = callsWorld();
    await place("z", { invitee: null });
    read([inviteBy(bob, "a", alice.userId)], { members: [{ roomId: ref.roomId, joined: 3 }] });
    expect(news({ callId: "a" })).toMatchObject([{ type: "incoming", groupRoom: true }]);
    expect(news({ callId: "a" })[0]).not.toHaveProperty("replaces");
  });

  it("P12 P21 accepts nothing unasked in a public room", async () => {
    const { read, place, news } = callsWorld();
    const mine = await place("z");
    const joinRules = said(
      bob,
      { type: "m.room.join_rules", content: { join_rule: "public" } },
      { stateKey: "" },
    );
    read([joinRules, inviteBy(bob, "a", alice.userId)]);
    expect(news({ callId: "a" }).map(({ type }) => type)).toContain("ignored");
    expect(news(mine).map(({ type }) => type)).toEqual(["invited"]);
  });

  it("P41 gives a stranger who knows our call nothing: naming it as theirs changes nothing", async () => {
    const { read, place, news, dropped } = callsWorld();
    const mine = await place("same");
    read([inviteBy(bob, "same", alice.userId), inviteBy(mallory, "same", alice.userId)]);
    expect(news(mine).map(({ type }) => type)).toEqual(["invited"]);
    expect(dropped(mine)).toEqual(["m.call.invite", "m.call.invite"]);
  });

  it("P46 P21 lets only the newest of two of theirs take the place of ours", async () => {
    const { read, place, news } = callsWorld();
    await place("z");
    read([inviteBy(bob, "b", alice.userId), inviteBy(bobsTablet, "a", alice.userId)]);
    expect(news({ callId: "a" })).toMatchObject([{ type: "incoming", replaces: "z" }]);
    expect(news({ callId: "b" })).toEqual([]);
  });

  it("P21 hangs up what else we had on its way to the caller", async () => {
    const { read, place, news, clock, types } = callsWorld();
    const [one, two] = [await place("x"), await place("y")];
    read([inviteBy(bob, "b", alice.userId)]);
    await clock.advance(0);
    expect(news(one).map(({ type }) => type)).toEqual(["invited"]);
    expect(news(two).map(({ type }) => type)).toEqual(["invited", "ended"]);
    expect(types()).toEqual(["invite", "invite", "hangup", "hangup"]);
  });
});
