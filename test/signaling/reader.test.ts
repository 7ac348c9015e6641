import { describe, expect, it } from "vitest";
import { encode } from "../../src/signaling/encode.ts";
import { TrunklineError } from "../../src/streams/errors.ts";
import { callsWorld, endOf, inviteBy, said } from "./calls-world.ts";
import { alice, answer, bob, candidate, mallory, offer, ref } from "./support.ts";

const tablet = { userId: alice.userId, partyId: "A2" };
const theirs = { callId: "theirs" };

describe("reading a batch", () => {
  it("P9 rings only after the whole batch", () => {
    const { read, signals } = callsWorld();
    const other = said(mallory, { type: "m.room.message", content: {} });
    const late = encode.candidates(endOf(bob, "theirs"), [candidate("c")]);
    read([inviteBy(bob, "theirs"), other, said(bob, late)]);
    const order = signals.map((signal) =>
      signal.type === "trace" && signal.entry.kind === "message" ? signal.entry.eventType : signal.type,
    );
    expect(order).toEqual(["m.call.invite", "m.call.candidates", "trace", "incoming", "candidates"]);
    expect(signals[1]).toMatchObject({ entry: { note: "1" } });
    expect(signals[3]).not.toHaveProperty("groupRoom");
  });

  it.each([
    ["its hangup", bob, encode.hangup(endOf(bob, "theirs"), "user_hangup")],
    ["an answer of our other device", tablet, encode.answer(endOf(tablet, "theirs"), answer)],
    ["a reject of our other device", tablet, encode.reject(endOf(tablet, "theirs"))],
  ] as const)("P9 does not ring where the batch also holds %s, before or after", (_what, sender, event) => {
    const { read, news } = callsWorld();
    read([inviteBy(bob, "theirs"), said(sender, event)]);
    read([inviteBy(bob, "theirs")]);
    expect(news(theirs)).toEqual([]);
  });

  it("tells how many candidates an invite holds", () => {
    const { read, signals } = callsWorld();
    const { content, ...invite } = inviteBy(bob, "theirs");
    const found = [1, 2].map((id) => `a=candidate:${id} 1 udp 1 192.0.2.${id} 9 typ host\r\n`);
    const sdp = ["v=0\r\n", ...found, "a=end-of-candidates\r\n"].join("");
    read([{ ...invite, content: { ...(content as object), offer: { type: "offer", sdp } } }]);
    expect(signals[0]).toMatchObject({ entry: { eventType: "m.call.invite", note: "2" } });
  });

  it("P10 rings for what history still holds, once it is read", () => {
    const { read, news } = callsWorld();
    read([inviteBy(bob, "theirs")], { live: false });
    expect(news(theirs)).toMatchObject([{ type: "incoming" }]);
  });

  it("P12 shows a call in a public room, and does not ring", () => {
    const { read, news } = callsWorld();
    const rules = said(
      bob,
      { type: "m.room.join_rules", content: { join_rule: "public" } },
      { stateKey: "" },
    );
    read([inviteBy(bob, "theirs"), rules]);
    expect(news(theirs).map(({ type }) => type)).toEqual(["ignored"]);
  });

  it("P13 warns of calls in rooms with others", () => {
    const { read, news } = callsWorld();
    read([], { members: [{ roomId: ref.roomId, joined: 3 }] });
    read([inviteBy(bob, "theirs")]);
    expect(news(theirs)).toMatchObject([{ type: "incoming", groupRoom: true }]);
    read([inviteBy(mallory, "another")], { members: [{ roomId: ref.roomId, joined: 2 }] });
    expect(news({ callId: "another" })[0]).not.toHaveProperty("groupRoom");
  });

  it("P7 P14 sends nothing for a call that is ignored: it stops by itself", async () => {
    const { read, news, clock, sent } = callsWorld();
    read([inviteBy(bob, "theirs")]);
    await clock.advance(89_999);
    expect(news(theirs)).toHaveLength(1);
    await clock.advance(1);
    expect(news(theirs).at(-1)).toMatchObject({
      type: "ended",
      end: { by: "system", reason: "invite_timeout" },
    });
    expect(sent).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it("P45 sends nothing before the user accepts", async () => {
    const { read, calls, clock, sent } = callsWorld();
    read([inviteBy(bob, "theirs")]);
    const ref2 = { roomId: ref.roomId, callId: "theirs" };
    for (const command of [
      { ...ref2, type: "candidate", candidate: candidate("c") },
      { ...ref2, type: "streams", streams: [] },
      { ...ref2, type: "negotiate", ...offer },
    ] as const) {
      await expect(calls.dispatch(command)).rejects.toMatchObject({ code: "wrong_state" });
    }
    await clock.advance(1_000);
    expect(sent).toEqual([]);
  });

  it("P3 P4 is a party of its own in each call that it takes", async () => {
    const { read, calls, sent } = callsWorld();
    for (const callId of ["one", "two"]) {
      read([inviteBy(bob, callId)]);
      await calls.dispatch({ roomId: ref.roomId, callId, type: "answer", ...answer });
    }
    const [one, two] = sent.map(({ content }) => content.party_id);
    expect(one).toMatch(/^[0-9A-Za-z]{22}$/);
    expect(two).not.toBe(one);
  });

  it("P18 ends a call when its peer leaves, in the order of events", () => {
    const { read, news } = callsWorld();
    const leave = said(
      bob,
      { type: "m.room.member", content: { membership: "leave" } },
      { stateKey: bob.userId },
    );
    read([inviteBy(bob, "theirs")]);
    read([leave]);
    expect(news(theirs).at(-1)).toMatchObject({ type: "ended", end: { by: "peer", reason: "left_room" } });
  });

  const member = (membership: string) =>
    said(bob, { type: "m.room.member", content: { membership } }, { stateKey: bob.userId });
  it.each<[string, string[], boolean]>([
    ["leaves", ["leave"], true],
    ["leaves and comes back", ["leave", "join"], false],
    ["comes back and leaves", ["join", "leave"], true],
    ["is banned at the end", ["leave", "join", "ban"], true],
  ])(
    "P18 counts membership as it stands when the batch is read: a peer who %s",
    async (_what, steps, ended) => {
      const world = callsWorld();
      world.watch();
      const mine = await world.place("mine");
      world.read([said(bob, encode.answer(endOf(bob, "mine"), answer))]);
      await world.clock.advance(100);
      const restored = callsWorld(alice, undefined, structuredClone(world.memory()));
      for (const { read, news } of [world, restored]) {
        read(steps.map(member), { live: false });
        expect(news(mine).at(-1)?.type === "ended").toBe(ended);
      }
    },
  );

  it("P9 P18 does not ring for a caller who leaves in the same batch", () => {
    const { read, news } = callsWorld();
    read([inviteBy(bob, "theirs"), member("leave"), said(bob, encode.candidates(endOf(bob, "theirs"), []))]);
    expect(news(theirs)).toEqual([]);
  });

  it("P5 passes over our own echo without a trace", async () => {
    const { read, place, signals, sent } = callsWorld();
    await place("mine");
    const before = signals.length;
    for (const { type, content } of sent) read([said(alice, { type, content })]);
    expect(signals).toHaveLength(before);
  });

  it("P24 P35 sends the end marker at once, with its line", async () => {
    const { place, calls, clock, sent } = callsWorld();
    const mine = await place("mine");
    const end = { candidate: "", sdpMid: "0", sdpMLineIndex: 0 };
    await calls.dispatch({ ...mine, type: "candidate", candidate: candidate("c") });
    await calls.dispatch({ ...mine, type: "candidate", candidate: end });
    await clock.advance(0);
    expect(sent.at(-1)).toMatchObject({
      type: "m.call.candidates",
      content: { version: "1", candidates: [candidate("c"), end] },
    });
  });

  it("P23 P24 sends 30 candidates that are found slowly in at most 5 events, the end marker with the last", async () => {
    const { place, calls, clock, sent } = callsWorld();
    const mine = await place("mine");
    const found = Array.from({ length: 30 }, (_, index) => candidate(`c${index}`));
    const end = { candidate: "", sdpMid: "0", sdpMLineIndex: 0 };
    for (const each of [...found, end]) {
      await calls.dispatch({ ...mine, type: "candidate", candidate: each });
      await clock.advance(150);
    }
    const events = sent.filter(({ type }) => type === "m.call.candidates");
    expect(events.length).toBeLessThanOrEqual(5);
    expect(events.flatMap(({ content }) => content.candidates)).toEqual([...found, end]);
    expect(clock.now()).toBe(31 * 150); // all of them have left, and nothing waits
    expect(clock.pending).toBe(1); // but the invite's end
  });

  it("P23 P30 holds candidates, and nothing else, while the homeserver asks for fewer events", async () => {
    const { place, calls, clock, sent, faults, read } = callsWorld();
    const mine = await place("mine");
    faults.push(new TrunklineError("rate_limited", "slow down", { retryAfter: 3_000 }));
    for (let index = 0; index < 10; index += 1) {
      await calls.dispatch({ ...mine, type: "candidate", candidate: candidate(`c${index}`) });
      await clock.advance(150);
    }
    expect(sent.map(({ type }) => type)).toEqual(["m.call.invite"]);
    read([said(bob, encode.answer(endOf(bob, "mine"), answer))]);
    await clock.advance(3_000);
    const [invite, next, ...rest] = sent.map(({ type }) => type);
    expect([invite, next]).toEqual(["m.call.invite", "m.call.select_answer"]);
    expect(new Set(rest)).toEqual(new Set(["m.call.candidates"]));
    expect(rest.length).toBeLessThanOrEqual(3);
    expect(sent.flatMap(({ content }) => content.candidates ?? [])).toHaveLength(10);
  });

  it("P24 asks for no candidates: four events make a call whose descriptions hold them all", async () => {
    const { place, calls, clock, read, types } = callsWorld();
    const mine = await place("mine");
    read([said(bob, encode.answer(endOf(bob, "mine"), answer))]);
    await clock.advance(5_000);
    await calls.dispatch({ ...mine, type: "hangup", reason: "user_hangup" });
    expect(types()).toEqual(["invite", "select_answer", "hangup"]); // and the answer is theirs
  });
});
