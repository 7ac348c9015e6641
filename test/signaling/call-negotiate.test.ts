import { describe, expect, it } from "vitest";
import { receive } from "../../src/signaling/call.ts";
import { isNegotiable } from "../../src/signaling/call-negotiate.ts";
import type { Call, Input } from "../../src/signaling/call-state.ts";
import {
  alice,
  answer,
  answeredByThem,
  answeredByUs,
  batchRead,
  bob,
  bobsTablet,
  callIn,
  command,
  event,
  invite,
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
  unable,
} from "./support.ts";

const streams = answer.streams ?? [];
const negotiate = command({ type: "negotiate", ...offer, streams });
const theirOffer = { type: "negotiate", lifetime: 10_000, ...offer, streams } as const;

/** Calls that are answered, with a version 0 peer. */
const oldCaller = () => run(ringing(0), command({ type: "answer", ...answer })).call;
const oldCallee = () => run(invited(), event({ userId: bob.userId }, { type: "answer", ...answer }, 0)).call;

/** What an event leads to, but for what it proves: see call-delivery.test.ts. */
const outcome = (call: Call, input: Input) =>
  types(run(call, input).effects.filter(({ type }) => type !== "delivered"));

describe("negotiation", () => {
  it.each<[string, () => Call]>([
    ["ours", answeredByThem],
    ["theirs", answeredByUs],
  ])("P19 P25 P28 goes out in a call of %s, with lifetime and metadata under both keys", (_whose, call) => {
    const [sent] = sends(run(call(), negotiate).effects);
    expect(sent).toMatchObject({
      type: "m.call.negotiate",
      content: { description: offer.description, lifetime: 60_000, version: "1", call_id: ref.callId },
    });
    expect(sent?.content.sdp_stream_metadata).toHaveProperty("s");
    expect(sent?.content["org.matrix.msc3077.sdp_stream_metadata"]).toEqual(
      sent?.content.sdp_stream_metadata,
    );
    expect(
      sends(run(call(), command({ type: "negotiate", ...offer })).effects)[0]?.content,
    ).not.toHaveProperty("sdp_stream_metadata");
  });

  it.each<[string, () => Call]>([
    ["preparing", ours],
    ["invited", invited],
    ["coming in", theirs],
    ["ringing", ringing],
    ["of a version 0 caller", oldCaller],
    ["of a version 0 callee", oldCallee],
  ])("P19 is refused in a call that is %s", (_what, call) => {
    const { effects, call: next } = run(call(), negotiate);
    expect(effects).toMatchObject([{ type: "refused", error: { code: "wrong_state" } }]);
    expect(next).toEqual(call());
  });

  it("P19 of the peer is handed on, offer or answer, with metadata or without", () => {
    const heard = (said: Parameters<typeof event>[1]) =>
      signals(run(answeredByUs(), event(alice, said)).effects);
    expect(heard(theirOffer)).toEqual([{ ...ref, type: "negotiate", ...offer, streams }]);
    expect(heard({ type: "negotiate", lifetime: 1, description: answer.description })).toEqual([
      { ...ref, type: "negotiate", description: answer.description },
    ]);
    expect(signals(run(answeredByThem(), event(bob, theirOffer)).effects)).toMatchObject([
      { type: "negotiate" },
    ]);
  });

  it.each([
    ["the peer's other device", bobsTablet],
    ["ourselves", alice],
    ["a stranger", mallory],
    ["the peer without its party", { userId: bob.userId }],
  ])("P19 P41 of %s is dropped", (_who, sender) => {
    const { effects, call } = run(answeredByThem(), event(sender, theirOffer));
    expect(types(effects)).toEqual(["dropped"]);
    expect(call).toEqual(answeredByThem());
  });

  it.each<[string, () => Call]>([
    ["preparing", ours],
    ["coming in", theirs],
    ["ringing", ringing],
    ["of a version 0 caller", oldCaller],
    ["of a version 0 callee", oldCallee],
  ])("P19 is dropped in a call that is %s", (_what, call) => {
    for (const sender of [alice, bob, { userId: bob.userId }]) {
      expect(outcome(call(), event(sender, theirOffer))).toEqual(["dropped"]);
    }
  });

  it("P19 that says it is of version 0 is dropped", () => {
    expect(outcome(answeredByUs(), event(alice, theirOffer, 0))).toEqual(["dropped"]);
  });

  it.each([
    [undefined, true],
    [0, true],
    [10_000, true],
    [10_001, false],
  ])("P8 P19 that is %s ms old, of 10,000 that it is good for, counts: %s", (age, counts) => {
    expect(outcome(answeredByUs(), event(alice, theirOffer, 1, age))).toEqual([
      counts ? "negotiate" : "dropped",
    ]);
  });

  it.each([
    ["neither metadata nor capabilities", {}, false],
    ["metadata alone", { streams }, true],
    ["metadata that lists nothing", { streams: [] }, true],
    ["capabilities alone", { capabilities: unable }, true],
  ] as const)("P19 is taken for possible with a peer that sends %s: %s", (_what, shown, negotiable) => {
    const { capabilities: _, ...plain } = invite;
    const incoming = run(receive({ ...plain, ...shown }, bob, 91_000), batchRead());
    const answered = run(invited(), {
      type: "event",
      event: { ...plain, eventType: "m.call.answer", sender: bob, type: "answer", ...shown },
    });
    for (const { effects } of [incoming, answered])
      expect(signals(effects)).toMatchObject([{ version: 1, negotiable, capabilities: unable }]);
  });

  it("P19 is possible once the peer has negotiated by itself; until then we may, for a path that failed", () => {
    const { capabilities: _, ...plain } = invite;
    const answered = run(receive(plain, bob, 91_000), batchRead(), command({ type: "answer", ...answer }));
    const unproven = callIn("answered_in", answered);
    expect(isNegotiable(unproven)).toBe(false);
    expect(types(run(unproven, negotiate).effects)).toEqual(["m.call.negotiate"]);
    for (const description of [offer.description, answer.description]) {
      const step = run(unproven, event(alice, { type: "negotiate", lifetime: 1, description }));
      expect(signals(step.effects)).toMatchObject([{ type: "negotiate" }]);
      expect(isNegotiable(callIn("answered_in", step))).toBe(true);
    }
    expect(isNegotiable(callIn("answered_in", run(unproven, event(mallory, theirOffer))))).toBe(false);
  });

  it("P19 tells both sides whether it may be used", () => {
    const answered = (version: 0 | 1) =>
      signals(run(invited(), event(bob, { type: "answer", ...answer }, version)).effects)[0];
    expect([answered(1), answered(0)]).toMatchObject([{ negotiable: true }, { negotiable: false }]);
    const incoming = (version: 0 | 1) =>
      signals(run(theirs(version), { type: "batch_read", publicRoom: false, groupRoom: false }).effects)[0];
    expect([incoming(1), incoming(0)]).toMatchObject([{ negotiable: true }, { negotiable: false }]);
  });
});
