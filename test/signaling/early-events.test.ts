import { describe, expect, it } from "vitest";
import { EarlyEvents } from "../../src/signaling/early-events.ts";
import { encode } from "../../src/signaling/encode.ts";
import { createRouter, type Holder } from "../../src/signaling/router.ts";
import type { Party, RoomEvent, StreamInfo } from "../../src/streams/contract.ts";
import { callsWorld, endOf, inviteBy, said } from "./calls-world.ts";
import { alice, answer, bob, bobsTablet, candidate, mallory, offer, theirs as receiving } from "./support.ts";

const tablet = { userId: alice.userId, partyId: "A2" };
const theirs = { callId: "theirs" };
const muted: readonly StreamInfo[] = [
  { id: "s", purpose: "m.usermedia", audioMuted: true, videoMuted: false },
];
const from = (party: Required<Party>) => endOf(party, "theirs");
const candidatesBy = (party: Required<Party>, name = "a") =>
  said(party, encode.candidates(from(party), [candidate(name)]));
const muteBy = (party: Required<Party>) => {
  const [event] = encode.streamsChanged(from(party), muted);
  return said(party, event as NonNullable<typeof event>);
};
const identityBy = (party: Required<Party>) =>
  said(party, {
    type: "m.call.asserted_identity",
    content: { call_id: "theirs", party_id: party.partyId, version: "1", asserted_identity: { id: "tel:1" } },
  });
const invite = inviteBy(bob, "theirs", alice.userId);
type World = ReturnType<typeof callsWorld>;
const news = (world: World) => world.news(theirs).map(({ type }) => type);

/** The events in one batch, or each in its own. */
const orders: [string, (world: World, events: RoomEvent[]) => unknown][] = [
  ["in one batch", (world, events) => world.read(events)],
  ["in a batch each", (world, events) => events.map((event) => world.read([event]))],
];

describe.each(orders)("what overtakes the invite, %s", (_how, read) => {
  it.each([
    ["candidates", candidatesBy(bob), "candidates"],
    ["a mute", muteBy(bob), "streams"],
    ["who is calling", identityBy(bob), "identity"],
  ])("P9 P25 %s: is emitted after the call", (_what, early, type) => {
    for (const events of [
      [early, invite],
      [invite, early],
    ]) {
      const world = callsWorld();
      read(world, events);
      expect(news(world)).toEqual(["incoming", type]);
    }
  });

  it("keeps the order in which it was sent", () => {
    const world = callsWorld();
    read(world, [candidatesBy(bob, "1"), muteBy(bob), candidatesBy(bob, "2"), invite]);
    expect(news(world)).toEqual(["incoming", "candidates", "streams", "candidates"]);
    expect(
      world.news(theirs).flatMap((signal) => (signal.type === "candidates" ? signal.candidates : [])),
    ).toEqual(["1", "2"].map(candidate));
  });

  it.each([
    ["its hangup", said(bob, encode.hangup(from(bob), "user_hangup"))],
    ["an answer of our other device", said(tablet, encode.answer(from(tablet), answer))],
    ["a reject of our other device", said(tablet, encode.reject(from(tablet)))],
    ["the selection of another party", said(bob, encode.selectAnswer(from(bob), "other"))],
  ])("P9 %s: it never rings", (_what, early) => {
    const world = callsWorld();
    read(world, [candidatesBy(bob), early, invite]);
    expect(news(world)).toEqual([]);
  });

  it("P41 gives a stranger, and the caller's other device, nothing", () => {
    for (const sender of [{ ...mallory, partyId: bob.partyId }, bobsTablet]) {
      const world = callsWorld();
      const hangup = sender === bobsTablet ? [] : [said(sender, encode.hangup(from(sender), "user_hangup"))];
      read(world, [candidatesBy(sender), muteBy(sender), identityBy(sender), ...hangup, invite]);
      expect(news(world)).toEqual(["incoming"]);
    }
  });

  it("P42 counts no plaintext in an encrypted room", () => {
    const world = callsWorld();
    const encryption = said(bob, { type: "m.room.encryption", content: {} }, { stateKey: "" });
    read(world, [
      encryption,
      candidatesBy(bob),
      { ...muteBy(bob), encrypted: true },
      { ...invite, encrypted: true },
    ]);
    expect(news(world)).toEqual(["incoming", "streams"]);
  });
});

describe.each(orders)("what overtakes the answer, %s", (_how, read) => {
  it("P19 P25 is emitted after the answer of the same party, and of no other", async () => {
    const world = callsWorld();
    const call = await world.place("theirs");
    const negotiation = said(bob, encode.negotiate(from(bob), offer, 60_000));
    const transfer = { replacementId: "R", targetUser: { userId: "@carol:test" }, createCall: "new" };
    const events = [
      candidatesBy(bobsTablet),
      muteBy(bob),
      negotiation,
      candidatesBy(bob),
      said(bob, encode.replaces(from(bob), transfer)),
      candidatesBy(mallory),
      said(bob, encode.answer(from(bob), answer)),
    ];
    read(world, events);
    expect(news(world)).toEqual(["invited", "answered", "streams", "negotiate", "candidates", "transfer"]);
    await world.clock.advance(0);
    expect(world.types()).toEqual(["invite", "select_answer"]);
    expect(world.dropped(call)).toEqual(["m.call.candidates"]);
  });

  it("P19 takes no negotiation in a call of version 0", async () => {
    const world = callsWorld();
    await world.place("theirs");
    const version0 = said(bob, {
      type: "m.call.answer",
      content: { call_id: "theirs", party_id: bob.partyId, version: 0, answer: answer.description },
    });
    read(world, [said(bob, encode.negotiate(from(bob), offer, 60_000)), version0]);
    expect(news(world)).toEqual(["invited", "answered"]);
  });

  it("P30 outlives the engine", async () => {
    const first = callsWorld();
    first.watch();
    await first.place("theirs");
    await first.clock.advance(0);
    read(first, [candidatesBy(bob), muteBy(bob)]);
    const second = callsWorld(alice, undefined, structuredClone(first.memory()));
    read(second, [said(bob, encode.answer(from(bob), answer))]);
    expect(news(second)).toEqual(["answered", "candidates", "streams"]);
  });
});

describe("events of calls that are not known", () => {
  const call = { ...receiving(), callId: "theirs", peer: bob, us: alice };
  const names = (events: readonly RoomEvent[]) =>
    events.map(
      ({ content }) => (content as { candidates: { candidate: string }[] }).candidates[0]?.candidate,
    );

  it("P44 are the newest 16 of each user in a room, and are given once", () => {
    const early = new EarlyEvents();
    for (let index = 0; index < 20; index += 1) early.add(candidatesBy(bob, `${index}`));
    early.add({ ...candidatesBy(bob, "elsewhere"), roomId: "!other:test" });
    expect(names(early.take(call))).toEqual(Array.from({ length: 16 }, (_, index) => `${index + 4}`));
    expect(early.take(call)).toEqual([]);
  });

  it("P44 of one user are not driven out by those of another", () => {
    const early = new EarlyEvents();
    early.add(candidatesBy(bob));
    for (let index = 0; index < 1_000; index += 1) early.add(candidatesBy(mallory, `${index}`));
    expect(early.take(call)).toHaveLength(1);
  });

  it("P44 are of 32 users at most, a room each", () => {
    const early = new EarlyEvents();
    early.add(candidatesBy(bob));
    for (let index = 0; index < 32; index += 1)
      early.add(candidatesBy({ userId: `@u${index}:test`, partyId: "P" }));
    expect(early.take(call)).toEqual([]);
  });

  it("are not kept of a call that has ended", () => {
    const router = createRouter<Holder>({ userId: alice.userId, deviceId: "D" });
    const own = { call };
    const head = { ...call, eventType: "m.call.candidates", sender: bob };
    router.keepEarly(candidatesBy(bob), head);
    expect(router.takeEarly(call)).toHaveLength(1);
    router.keep(own);
    router.keep(Object.assign(own, { call: { ...call, state: "ended" } }));
    router.keepEarly(candidatesBy(bob), head);
    expect(router.takeEarly(call)).toEqual([]);
  });
});
