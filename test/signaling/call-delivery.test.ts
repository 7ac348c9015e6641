import { describe, expect, it } from "vitest";
import type { Call, Input } from "../../src/signaling/call-state.ts";
import { encode } from "../../src/signaling/encode.ts";
import { TrunklineError } from "../../src/streams/errors.ts";
import { callsWorld, endOf, inviteBy, said } from "./calls-world.ts";
import {
  alice,
  answer,
  answeredByThem,
  answeredByUs,
  bob,
  bobsTablet,
  candidate,
  command,
  ends,
  event,
  invited,
  mallory,
  offer,
  ref,
  run,
  sends,
  signals,
  types,
} from "./support.ts";

const broken = () => new TrunklineError("server_error", "502");
const error = { code: "forbidden", message: "no" } as const;
const negotiation = { type: "negotiate", lifetime: 1_000 } as const;
const stays = (call: Call, ...inputs: Input[]) => run(call, ...inputs).call.state;

/** A call of ours whose invite is stored, though every response to it is lost. */
async function unacknowledged(...faults: Error[]) {
  const world = callsWorld(alice, undefined, undefined, faults);
  const call = { ...ref, callId: "c" };
  world.watch();
  await world.calls.dispatch({ ...call, type: "place", invitee: bob.userId });
  const invite = world.calls.dispatch({ ...call, type: "invite", ...offer }).then(
    () => "sent",
    (thrown: TrunklineError) => thrown.code,
  );
  await world.clock.advance(100);
  const news = () => world.news(call).map(({ type }) => type);
  return { ...world, call, invite, news };
}

describe("an invite whose acknowledgement is lost", () => {
  it("is known to be stored once it is answered: a refusal of the retry ends nothing", async () => {
    const world = await unacknowledged(broken(), new TrunklineError("forbidden", "no"));
    world.read([said(bob, encode.answer(endOf(bob, "c"), answer))]);
    await world.clock.advance(5_000);
    expect(await world.invite).toBe("sent");
    expect(world.news()).toEqual(["answered"]);
  });

  it("nor does its expiry, while only sending is broken", async () => {
    const world = await unacknowledged(...Array.from({ length: 100 }, broken));
    world.read([said(bob, encode.answer(endOf(bob, "c"), answer))]);
    await world.clock.advance(100_000);
    expect(world.news()).toEqual(["answered"]);
  });

  it.each([
    ["its echo", alice, encode.invite(endOf(alice, "c"), offer, 90_000, bob.userId), ["invited"]],
    ["candidates", bob, encode.candidates(endOf(bob, "c"), [candidate("b")]), ["invited"]],
    ["a reject", bob, encode.reject(endOf(bob, "c")), ["ended"]],
    ["a hangup", bob, encode.hangup(endOf(bob, "c"), "user_busy"), ["ended"]],
  ] as const)("P5 is known to be stored by %s, and not sent again", async (_what, sender, sent, news) => {
    const world = await unacknowledged(broken());
    const { partyId } = sender === alice ? world.watchedParty("c") : sender;
    const content = { ...sent.content, party_id: partyId };
    world.read([said(sender, { ...sent, content })]);
    expect(await world.invite).toBe("sent");
    expect(world.news()).toEqual(news);
    await world.clock.advance(20_000);
    expect(world.types()).not.toContain("invite");
  });

  it("P41 is not known to be stored by what a stranger sends", () => {
    for (const body of [{ type: "answer", ...answer }, { type: "reject" }] as const)
      expect(types(run(invited(), event(mallory, body)).effects)).toEqual(["dropped"]);
  });

  it("is reported before the answer, or not at all, and traced once", () => {
    const { call, effects } = run(invited(), event(bob, { type: "answer", ...answer }));
    expect(effects[0]).toEqual({ type: "delivered", what: "invite" });
    const late = run(call, { type: "sent", what: "invite" });
    expect(types(late.effects)).toEqual(["milestone", "arm"]);
    expect(signals(late.effects)).toEqual([]);
  });
});

describe("an answer whose acknowledgement is lost", () => {
  const selection = event(alice, { type: "select_answer", selectedPartyId: bob.partyId });
  it.each<[string, Input]>([
    ["the selection of it", selection],
    ["a negotiation of the caller's", event(alice, { ...negotiation, ...offer })],
    ["its echo", { type: "echoed", what: "answer" }],
  ])("is known to be stored by %s, and no failure ends the call", (_what, proof) => {
    const { call, effects } = run(answeredByUs(), proof);
    expect(effects[0]).toEqual({ type: "delivered", what: "answer" });
    expect(stays(call, { type: "failed", what: "answer", error })).toBe("answered_in");
    expect(types(run(call, proof).effects)).not.toContain("delivered");
  });

  it.each<[string, Input]>([
    ["a candidate of the caller's", event(alice, { type: "candidates", candidates: [candidate("a")] })],
    ["a selection by a stranger", event(mallory, { type: "select_answer", selectedPartyId: bob.partyId })],
    ["an answer of our other device", event(bobsTablet, { type: "answer", ...answer })],
  ])("is not known to be stored by %s", (_what, input) => {
    expect(types(run(answeredByUs(), input).effects)).not.toContain("delivered");
  });

  it("goes on at its expiry where we were selected, while only sending is broken", async () => {
    const world = callsWorld(bob);
    world.watch();
    world.read([inviteBy(alice, "c")]);
    world.faults.push(...Array.from({ length: 100 }, broken));
    const call = { ...ref, callId: "c" };
    const answering = world.calls.dispatch({ ...call, type: "answer", ...answer });
    await world.clock.advance(200);
    world.read([said(alice, encode.selectAnswer(endOf(alice, "c"), world.watchedParty("c").partyId))]);
    await answering;
    await world.clock.advance(120_000);
    expect(world.news(call).map(({ type }) => type)).toEqual(["incoming"]);
  });

  it("is followed by a hangup where it can be sent no more: the caller may have it", async () => {
    const world = callsWorld(bob);
    world.read([inviteBy(alice, "c")]);
    world.faults.push(...Array.from({ length: 12 }, broken));
    const call = { ...ref, callId: "c" };
    world.calls.dispatch({ ...call, type: "answer", ...answer }).catch(() => {});
    await world.clock.advance(200_000);
    expect(world.types()).toEqual(["hangup"]);
    expect(world.news(call).at(-1)).toMatchObject({ type: "ended", end: { reason: "signalling_failed" } });
  });
});

describe("any event that is given up", () => {
  it("ends a call only where the call is nothing without it, and hangs up for who has it all the same", () => {
    for (const [call, what] of [
      [invited(), "invite"],
      [answeredByUs(), "answer"],
    ] as const) {
      const { effects } = run(call, { type: "failed", what, error });
      expect(ends(effects)).toEqual([{ by: "system", reason: "signalling_failed", error }]);
      expect(sends(effects)).toMatchObject([{ type: "m.call.hangup", content: { reason: "unknown_error" } }]);
    }
    expect(stays(answeredByThem(), { type: "failed", what: "invite", error })).toBe("answered_out");
    for (const what of ["negotiate", "candidates", "other"] as const)
      expect(run(answeredByUs(), { type: "failed", what, error }).effects).toEqual([]);
  });

  it("P19 a negotiation is known to be stored by its answer, and not by an offer", () => {
    const sent = run(answeredByThem(), command({ type: "negotiate", ...offer }));
    expect(sent.effects).toMatchObject([{ type: "send", what: "negotiate" }]);
    const answered = run(sent.call, event(bob, { ...negotiation, ...answer }));
    expect(types(answered.effects)).toEqual(["delivered", "negotiate"]);
    expect(answered.effects[0]).toEqual({ type: "delivered", what: "negotiate" });
    expect(types(run(sent.call, event(bob, { ...negotiation, ...offer })).effects)).toEqual(["negotiate"]);
  });

  it("P19 settles a negotiation that was tried, and none that waits", async () => {
    const world = callsWorld();
    const call = await world.place("c");
    world.read([said(bob, encode.answer(endOf(bob, "c"), answer))]);
    await world.clock.advance(100);
    world.faults.push(broken(), new TrunklineError("forbidden", "no"));
    const settled: string[] = [];
    const negotiate = (name: string) =>
      world.calls.dispatch({ ...call, type: "negotiate", ...offer }).then(
        () => settled.push(name),
        () => settled.push(`${name} failed`),
      );
    void negotiate("first");
    void negotiate("second");
    await world.clock.advance(10);
    world.read([said(bob, encode.negotiate(endOf(bob, "c"), answer, 1_000))]);
    await world.clock.advance(0);
    expect(settled[0]).toBe("first");
    await world.clock.advance(20_000);
    expect(settled).toHaveLength(2);
  });

  it("P19 settles the offer that an answer names, and neither a newer one nor an answer of ours", async () => {
    for (const [ours, theirs, isSettled] of [
      [{ ...offer, negotiation: "2" }, { ...answer, negotiation: "1" }, false],
      [{ ...offer, negotiation: "2" }, { ...answer, negotiation: "2" }, true],
      [{ ...offer, negotiation: "2" }, answer, true],
      [{ ...answer, negotiation: "1" }, { ...answer, negotiation: "1" }, false],
      [answer, answer, false],
    ] as const) {
      const world = callsWorld();
      const call = await world.place("c");
      world.read([said(bob, encode.answer(endOf(bob, "c"), answer))]);
      await world.clock.advance(100);
      world.faults.push(broken());
      let settled = false;
      void world.calls.dispatch({ ...call, type: "negotiate", ...ours }).then(() => {
        settled = true;
      });
      await world.clock.advance(10);
      world.read([said(bob, encode.negotiate(endOf(bob, "c"), theirs, 1_000))]);
      await world.clock.advance(0);
      expect(settled, JSON.stringify([ours, theirs])).toBe(isSettled);
      await world.clock.advance(20_000);
      expect(world.types().includes("negotiate")).toBe(!isSettled);
    }
  });
});
