import { describe, expect, it } from "vitest";
import { encode, type Outgoing } from "../../src/signaling/encode.ts";
import type { Party, RoomEvent } from "../../src/streams/contract.ts";
import { callsWorld, endOf, inviteBy, said } from "./calls-world.ts";
import { alice, answer, bob, bobsTablet, candidate, mallory, offer, ref } from "./support.ts";

const CALL = "call";
const from = endOf(bob, CALL);
const transfer = { replacementId: "R", targetUser: { userId: "@carol:test" }, createCall: "new" };
const identity = { asserted_identity: { display_name: "Carol" } };
const head = { call_id: CALL, party_id: bob.partyId, version: "1" };
const streams = answer.streams ?? [];
const [changed, changedUnstable] = encode.streamsChanged(from, streams) as [Outgoing, Outgoing];

/** One good event of each type, and the fields without which, or with something else in which, it is none. */
const EVENTS: Record<string, { good: Outgoing; needs: readonly string[] }> = {
  invite: { good: encode.invite(from, offer, 90_000, alice.userId), needs: ["offer"] },
  answer: { good: encode.answer(from, answer), needs: ["answer"] },
  negotiate: { good: encode.negotiate(from, offer, 60_000), needs: ["description"] },
  candidates: { good: encode.candidates(from, [candidate("c")]), needs: ["candidates"] },
  select_answer: { good: encode.selectAnswer(from, "other"), needs: ["selected_party_id"] },
  reject: { good: encode.reject(from), needs: [] },
  hangup: { good: encode.hangup(from, "user_hangup"), needs: [] },
  streams: { good: changed, needs: [] },
  "streams, unstable": { good: changedUnstable, needs: [] },
  replaces: {
    good: encode.replaces(from, transfer),
    needs: ["replacement_id", "target_user", "create_call"],
  },
  reject_replacement: { good: encode.rejectReplacement(from, "R", "declined"), needs: ["replacement_id"] },
  identity: {
    good: { type: "m.call.asserted_identity", content: { ...head, ...identity } },
    needs: ["asserted_identity"],
  },
  "identity, unstable": {
    good: { type: "org.matrix.call.asserted_identity", content: { ...head, ...identity } },
    needs: ["asserted_identity"],
  },
};

/** Our call to Bob, at each stage of its life. */
const STAGES = ["preparing", "invited", "answered", "ended"] as const;
async function callAt(stage: (typeof STAGES)[number]) {
  const world = callsWorld();
  const mine = await world.place(CALL, { invite: stage !== "preparing" });
  if (stage === "answered" || stage === "ended") world.read([said(bob, encode.answer(from, answer))]);
  if (stage === "ended") await world.calls.dispatch({ ...mine, type: "hangup", reason: "user_hangup" });
  await world.clock.advance(0);
  const before = {
    news: world.news(mine).length,
    sent: world.sent.length,
    dropped: world.dropped(mine).length,
  };
  return {
    ...world,
    mine,
    /** What the events read since led to. */
    since: () => ({
      news: world
        .news(mine)
        .slice(before.news)
        .map(({ type }) => type),
      sent: world.sent.slice(before.sent).map(({ type }) => type),
      dropped: world.dropped(mine).slice(before.dropped),
    }),
    /** Whether the call still does what a call at this stage does. */
    async goesOn() {
      if (stage === "preparing") await world.calls.dispatch({ ...mine, type: "invite", ...offer });
      if (stage === "preparing" || stage === "invited") world.read([said(bob, encode.answer(from, answer))]);
      await world.calls.dispatch({ ...mine, type: "hangup", reason: "user_hangup" });
      expect(
        world
          .news(mine)
          .map(({ type }) => type)
          .filter((type) => type !== "candidates"),
      ).toEqual(["invited", "answered", "ended"]);
    },
  };
}

const NOTHING = { news: [], sent: [], dropped: [] };
const cases = Object.entries(EVENTS).flatMap(([name, { good, needs }]) =>
  STAGES.map((stage) => [name, stage, good, needs] as const),
);

describe.each(cases)("P43 P44 a bad %s, call %s", (_name, stage, good, needs) => {
  const lives = stage !== "ended";
  const without = (field: string): Outgoing => ({
    ...good,
    content: Object.fromEntries(Object.entries(good.content).filter(([key]) => key !== field)),
  });
  const instead = (field: string, value: unknown): Outgoing => ({
    ...good,
    content: { ...good.content, [field]: value },
  });
  async function changesNothing(event: RoomEvent, traced: boolean) {
    const world = await callAt(stage);
    world.read([event]);
    await world.clock.advance(0);
    expect(world.since()).toEqual({ ...NOTHING, dropped: traced ? [good.type] : [] });
    if (lives) await world.goesOn();
    else expect(world.clock.pending).toBe(0);
  }

  for (const field of needs) {
    it(`without ${field} changes nothing, and is traced`, () =>
      changesNothing(said(bob, without(field)), lives));
    for (const [what, value] of [
      ["a number", -1],
      ["a list of nothing", [null]],
      ["null", null],
    ] as const) {
      if (field === "candidates" && what === "a list of nothing") continue; // passed over one by one: P22
      if (field === "asserted_identity" && value === null) continue; // says that it is nobody any more: P33
      it(`with ${what} for ${field} changes nothing, and is traced`, () =>
        changesNothing(said(bob, instead(field, value)), lives));
    }
  }

  it("without a call id, or with a bad one, changes nothing", async () => {
    await changesNothing(said(bob, without("call_id")), false);
    await changesNothing(said(bob, instead("call_id", 7)), false);
    await changesNothing(said(bob, instead("call_id", "")), false);
  });

  it("P40 in another room changes nothing", () => {
    // There an invite begins a call of its own, unless it is for somebody else.
    const event = good.type === "m.call.invite" ? instead("invitee", "@carol:test") : good;
    return changesNothing(said(bob, event, { roomId: "!other:test" }), good.type === "m.call.invite");
  });

  it("P42 in plaintext in an encrypted room changes nothing, and is traced", async () => {
    const world = await callAt(stage);
    const encryption = { type: "m.room.encryption", content: { algorithm: "m.megolm.v1.aes-sha2" } };
    world.read([said(bob, encryption, { stateKey: "" }), said(bob, good)]);
    expect(world.since()).toEqual({
      ...NOTHING,
      dropped: lives || good.type === "m.call.invite" ? [good.type] : [],
    });
  });

  it("as a state event changes nothing", () => changesNothing(said(bob, good, { stateKey: "" }), false));

  it("P41 of a stranger changes nothing, and is traced", async () => {
    const traced = lives || good.type === "m.call.invite";
    const party = { party_id: mallory.partyId };
    await changesNothing(said(mallory, { ...good, content: { ...good.content, ...party } }), traced);
    await changesNothing(said(mallory, good), traced); // who knows the peer's party too
  });

  if (stage === "answered") {
    it.each<[string, Party]>([
      ["the peer's other device", bobsTablet],
      ["the peer, who names no party", { userId: bob.userId }],
      ["another device of ours", { userId: alice.userId, partyId: "A2" }],
    ])("P41 of %s changes nothing, and is traced", async (_who, sender) => {
      const { party_id: _theirs, ...content } = good.content;
      const party = sender.partyId === undefined ? {} : { party_id: sender.partyId };
      await changesNothing(said(sender, { ...good, content: { ...content, ...party } }), true);
    });
  }
});

describe("a stranger who knows everything about a call", () => {
  it("P41 can take no part in it, though nobody was named", async () => {
    const { place, read, news, dropped } = callsWorld();
    const mine = await place(CALL, { invitee: null });
    read([said(bob, encode.answer(from, answer))]);
    const known = news(mine).length;
    for (const { good } of Object.values(EVENTS)) read([said(mallory, good)]);
    expect(news(mine)).toHaveLength(known);
    expect(dropped(mine)).toHaveLength(Object.keys(EVENTS).length);
  });

  it("P44 P46 cannot flood the app with calls", () => {
    const { read, signals } = callsWorld();
    for (let index = 0; index < 200; index += 1) read([inviteBy(mallory, `c${index}`)]);
    expect(signals.filter(({ type }) => type === "incoming")).toHaveLength(1);
    for (let index = 0; index < 200; index += 1)
      read([inviteBy({ userId: `@m${index}:test`, partyId: "M" }, `d${index}`)]);
    expect(signals.filter(({ type }) => type === "incoming")).toHaveLength(64);
  });

  it("P40 P46 in one room does not keep another room from ringing", () => {
    const { read, signals } = callsWorld();
    read([inviteBy(mallory, "one"), { ...inviteBy(mallory, "one"), roomId: `${ref.roomId}2` }]);
    expect(signals.filter(({ type }) => type === "incoming")).toHaveLength(2);
  });
});
