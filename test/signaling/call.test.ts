import { describe, expect, it } from "vitest";
import { step } from "../../src/signaling/call.ts";
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
  candidate,
  command,
  ends,
  event,
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

describe("our call", () => {
  it("P1 P2 P6 sends an invite with call, party, version, lifetime, invitee and metadata", () => {
    const { effects } = run(ours(), command({ type: "invite", ...offer, streams: answer.streams ?? [] }));
    const [event] = sends(effects);
    expect(event?.type).toBe("m.call.invite");
    expect(event?.content).toMatchObject({
      call_id: ref.callId,
      party_id: alice.partyId,
      version: "1",
      lifetime: 90_000,
      invitee: bob.userId,
      offer: offer.description,
      sdp_stream_metadata: { s: { purpose: "m.usermedia", audio_muted: false, video_muted: false } },
    });
  });

  it("P28 sends the metadata under the unstable key too", () => {
    const { effects } = run(ours(), command({ type: "invite", ...offer, streams: answer.streams ?? [] }));
    const content = sends(effects)[0]?.content;
    expect(content?.["org.matrix.msc3077.sdp_stream_metadata"]).toEqual(content?.sdp_stream_metadata);
  });

  it("P7 hangs up an invite that nobody answered, by its own timer", () => {
    const placed = run(ours(), command({ type: "invite", ...offer }));
    expect(placed.effects).toContainEqual({ type: "expire_at", at: 1_000 + 90_000 });
    const { effects } = run(placed.call, { type: "expired" });
    expect(sends(effects)).toMatchObject([{ type: "m.call.hangup", content: { reason: "invite_timeout" } }]);
    expect(ends(effects)).toEqual([{ by: "system", reason: "invite_timeout" }]);
  });

  it("says when the homeserver has the invite", () => {
    const { effects } = run(invited(), { type: "sent", what: "invite" });
    expect(types(effects)).toEqual(["milestone", "invited", "arm"]);
  });

  it("P15 takes the first answer, stops the timer and selects it", () => {
    const { call, effects } = run(invited(), event(bob, { type: "answer", ...answer }));
    expect(types(effects)).toEqual([
      "delivered",
      "never_expire",
      "milestone",
      "answered",
      "m.call.select_answer",
    ]);
    expect(sends(effects)[0]?.content).toMatchObject({ selected_party_id: "B1", party_id: "A1" });
    expect(call).toHaveProperty("peer", bob);
  });

  it("P15 drops a second answer", () => {
    const { call, effects } = run(answeredByThem(), event(bobsTablet, { type: "answer", ...answer }));
    expect(types(effects)).toEqual(["dropped"]);
    expect(call).toHaveProperty("peer", bob);
  });

  it("P15 selects no party of a version 0 peer, which has none", () => {
    const { effects } = run(invited(), event({ userId: bob.userId }, { type: "answer", ...answer }, 0));
    expect(types(effects)).toEqual(["delivered", "never_expire", "milestone", "answered"]);
  });

  it("P41 lets only the invitee answer", () => {
    expect(types(run(invited(), event(mallory, { type: "answer", ...answer })).effects)).toEqual(["dropped"]);
  });

  it("P11 lets anyone but us answer where nobody is named", () => {
    const open = run({ ...invited(), invitee: undefined } as unknown as Call);
    expect(run(open.call, event(mallory, { type: "answer", ...answer })).call).toHaveProperty(
      "peer",
      mallory,
    );
    const ourTablet = { userId: alice.userId, partyId: "A2" };
    expect(types(run(open.call, event(ourTablet, { type: "answer", ...answer })).effects)).toEqual([
      "dropped",
    ]);
  });

  it("P5 may be to our own user's other device", () => {
    const ourTablet = { userId: alice.userId, partyId: "A2" };
    expect(run(invited(alice.userId), event(ourTablet, { type: "answer", ...answer })).call).toHaveProperty(
      "peer",
      ourTablet,
    );
  });

  it("D keeps each party's early candidates, and hands on those of the one who answers", () => {
    const { effects } = run(
      invited(),
      event(bob, { type: "candidates", candidates: [candidate("b1")] }),
      event(bobsTablet, { type: "candidates", candidates: [candidate("t1")] }),
      event(bob, { type: "candidates", candidates: [candidate("b2")] }),
      event(bob, { type: "answer", ...answer }),
    );
    const handedOn = signals(effects).filter(({ type }) => type === "candidates");
    expect(handedOn).toEqual(
      ["b1", "b2"].map((name) => ({ ...ref, type: "candidates", candidates: [candidate(name)] })),
    );
    expect(types(effects).indexOf("answered")).toBeLessThan(types(effects).indexOf("candidates"));
  });

  it("P44 bounds what it keeps of early candidates", () => {
    const flood = Array.from({ length: 20 }, (_, index) =>
      event(
        { userId: bob.userId, partyId: `P${index}` },
        { type: "candidates", candidates: [candidate("c")] },
      ),
    );
    const call = callIn("inviting", run(invited(), ...Array.from({ length: 50 }, () => flood).flat()));
    expect(call.early.length).toBe(8);
    expect(Math.max(...call.early.map(({ events }) => events.length))).toBe(32);
  });

  it("P16 selects the party that rejects, and ends by the peer", () => {
    const { effects } = run(invited(), event(bob, { type: "reject" }));
    expect(sends(effects)).toMatchObject([
      { type: "m.call.select_answer", content: { selected_party_id: "B1" } },
    ]);
    expect(ends(effects)).toEqual([{ by: "peer", reason: "rejected" }]);
  });

  it("P16 disregards a reject after the answer", () => {
    expect(types(run(answeredByThem(), event(bobsTablet, { type: "reject" })).effects)).toEqual(["dropped"]);
    expect(types(run(answeredByThem(), event(bob, { type: "reject" })).effects)).toEqual(["dropped"]);
  });

  it("P17 ends with the peer's reason, known or not", () => {
    expect(ends(run(invited(), event(bob, { type: "hangup", reason: "new_reason" })).effects)).toEqual([
      { by: "peer", reason: "new_reason" },
    ]);
    expect(
      ends(run(answeredByThem(), event(bob, { type: "hangup", reason: "user_hangup" })).effects),
    ).toHaveLength(1);
  });

  it("P41 is not ended by another party of the peer's user, nor by a stranger", () => {
    for (const party of [bobsTablet, mallory]) {
      const { effects } = run(answeredByThem(), event(party, { type: "hangup", reason: "user_hangup" }));
      expect(types(effects)).toEqual(["dropped"]);
    }
    expect(types(run(invited(), event(mallory, { type: "hangup", reason: "x" })).effects)).toEqual([
      "dropped",
    ]);
    expect(types(run(invited(), event(mallory, { type: "reject" })).effects)).toEqual(["dropped"]);
  });

  it("ends without a word when it is hung up before its invite", () => {
    const { effects } = run(ours(), command({ type: "hangup", reason: "user_hangup" }));
    expect(sends(effects)).toEqual([]);
    expect(ends(effects)).toEqual([{ by: "us", reason: "user_hangup" }]);
  });

  it("ends with the error where its invite cannot be sent", () => {
    const error = { code: "not_in_room", message: "no" } as const;
    expect(ends(run(invited(), { type: "failed", what: "invite", error }).effects)).toEqual([
      { by: "system", reason: "signalling_failed", error },
    ]);
    expect(run(invited(), { type: "failed", what: "candidates", error }).call.state).toBe("inviting");
  });
});

describe("their call", () => {
  it("P9 rings when the batch is read, and not before", () => {
    const early = event(alice, { type: "candidates", candidates: [candidate("a1")] });
    const { call, effects } = run(theirs(), early);
    expect(effects).toEqual([]);
    const rung = run(call, batchRead());
    expect(types(rung.effects)).toEqual(["expire_at", "milestone", "incoming", "candidates"]);
    expect(rung.call.state).toBe("ringing");
  });

  it.each<[string, Input]>([
    ["its hangup", event(alice, { type: "hangup", reason: "user_hangup" })],
    ["an answer by another of our devices", event(bobsTablet, { type: "answer", ...answer })],
    ["a reject by another of our devices", event(bobsTablet, { type: "reject" })],
    ["the selection of another party", event(alice, { type: "select_answer", selectedPartyId: "B2" })],
  ])("P9 never rings where the same batch holds %s", (_what, withdrawal) => {
    const { call, effects } = run(theirs(), withdrawal);
    expect(call.state).toBe("ended");
    expect(signals(effects)).toEqual([]);
    expect(signals(run(call, batchRead()).effects)).toEqual([]);
  });

  it("P12 is shown as ignored in a public room, and cannot be answered", () => {
    const { call, effects } = run(theirs(), batchRead({ publicRoom: true }));
    expect(signals(effects)).toEqual([{ ...ref, type: "ignored", peer: alice, reason: "public_room" }]);
    expect(types(run(call, command({ type: "answer", ...answer })).effects)).toEqual(["refused"]);
  });

  it("P7 stops ringing by its own timer, without a word", () => {
    const { effects } = run(ringing(), { type: "expired" });
    expect(sends(effects)).toEqual([]);
    expect(ends(effects)).toEqual([{ by: "system", reason: "invite_timeout" }]);
  });

  it("answers, with its party and metadata, and stops the timer", () => {
    const { effects } = run(ringing(), command({ type: "answer", ...answer }));
    expect(types(effects)).toEqual(["never_expire", "m.call.answer"]);
    expect(sends(effects)[0]?.content).toMatchObject({ party_id: "B1", answer: answer.description });
    expect(run(answeredByUs(), { type: "expired" }).call.state).toBe("answered_in");
  });

  it("cannot be answered twice, and says so", () => {
    const { effects } = run(answeredByUs(), command({ type: "answer", ...answer }));
    expect(effects).toMatchObject([{ type: "refused", error: { code: "wrong_state" } }]);
  });

  it("P16 rejects version 1 with a reject, version 0 with a hangup", () => {
    expect(sends(run(ringing(1), command({ type: "reject" })).effects)[0]?.type).toBe("m.call.reject");
    expect(sends(run(ringing(0), command({ type: "reject" })).effects)[0]?.type).toBe("m.call.hangup");
  });

  it("tells the caller when the user's media failed", () => {
    const { effects } = run(ringing(), command({ type: "hangup", reason: "user_media_failed" }));
    expect(sends(effects)).toMatchObject([
      { type: "m.call.hangup", content: { reason: "user_media_failed" } },
    ]);
  });

  it("P15 ends silently when another party was selected", () => {
    const { effects } = run(answeredByUs(), event(alice, { type: "select_answer", selectedPartyId: "B2" }));
    expect(sends(effects)).toEqual([]);
    expect(ends(effects)).toEqual([{ by: "other_device", reason: "answered_elsewhere" }]);
  });

  it("P15 goes on when it was selected", () => {
    const { call, effects } = run(
      answeredByUs(),
      event(alice, { type: "select_answer", selectedPartyId: "B1" }),
    );
    expect(call.state).toBe("answered_in");
    expect(effects).toEqual([{ type: "delivered", what: "answer" }]);
  });

  it("P41 believes a selection only from the caller's party", () => {
    for (const party of [mallory, { userId: alice.userId, partyId: "A2" }]) {
      const { effects } = run(answeredByUs(), event(party, { type: "select_answer", selectedPartyId: "B2" }));
      expect(types(effects)).toEqual(["dropped"]);
    }
  });

  it("stops when another of our devices answers or rejects while it rings", () => {
    expect(ends(run(ringing(), event(bobsTablet, { type: "answer", ...answer })).effects)).toEqual([
      { by: "other_device", reason: "answered_elsewhere" },
    ]);
    expect(ends(run(ringing(), event(bobsTablet, { type: "reject" })).effects)).toEqual([
      { by: "other_device", reason: "rejected" },
    ]);
  });

  it("leaves it to the caller's selection where two of our devices have answered", () => {
    const { call } = run(answeredByUs(), event(bobsTablet, { type: "answer", ...answer }));
    expect(call.state).toBe("answered_in");
  });

  it("P41 is not stopped by a stranger's answer, reject or hangup", () => {
    for (const body of [
      { type: "answer", ...answer },
      { type: "reject" },
      { type: "hangup", reason: "x" },
    ] as const) {
      expect(types(run(ringing(), event(mallory, body)).effects)).toEqual(["dropped"]);
    }
  });

  it("hands the caller's candidates on, and nobody else's", () => {
    const candidates = [candidate("a1")];
    expect(types(run(ringing(), event(alice, { type: "candidates", candidates })).effects)).toEqual([
      "candidates",
    ]);
    expect(types(run(ringing(), event(mallory, { type: "candidates", candidates })).effects)).toEqual([
      "dropped",
    ]);
  });

  it("ends with the error where its answer cannot be sent", () => {
    const error = { code: "forbidden", message: "no" } as const;
    expect(ends(run(answeredByUs(), { type: "failed", what: "answer", error }).effects)).toEqual([
      { by: "system", reason: "signalling_failed", error },
    ]);
  });
});

describe("any call", () => {
  it("B gives local candidates to the batching, and sends the batches", () => {
    for (const call of [invited(), answeredByUs(), answeredByThem()]) {
      const one = candidate("x");
      expect(run(call, command({ type: "candidate", candidate: one })).effects).toEqual([
        { type: "batch", candidate: one },
      ]);
      const [sent] = sends(run(call, { type: "batched", candidates: [one] }).effects);
      expect(sent).toMatchObject({ type: "m.call.candidates", content: { candidates: [one] } });
    }
    expect(types(run(ringing(), command({ type: "candidate", candidate: candidate("x") })).effects)).toEqual([
      "refused",
    ]);
  });

  it("P18 ends when the peer leaves the room, or we do", () => {
    expect(ends(run(answeredByUs(), { type: "left", who: "peer" }).effects)).toEqual([
      { by: "peer", reason: "left_room" },
    ]);
    expect(ends(run(invited(), { type: "left", who: "us" }).effects)).toEqual([
      { by: "us", reason: "left_room" },
    ]);
  });

  const inputs: Input[] = [
    event(alice, { type: "hangup", reason: "user_hangup" }),
    event(bob, { type: "hangup", reason: "user_hangup" }),
    event(alice, { type: "answer", ...answer }),
    event(bob, { type: "answer", ...answer }),
    event(bobsTablet, { type: "answer", ...answer }),
    event(bob, { type: "reject" }),
    event(bobsTablet, { type: "reject" }),
    event(mallory, { type: "reject" }),
    event(alice, { type: "select_answer", selectedPartyId: "B1" }),
    event(alice, { type: "select_answer", selectedPartyId: "B2" }),
    event(alice, { type: "candidates", candidates: [candidate("a")] }),
    event(bob, { type: "candidates", candidates: [candidate("b")] }),
    event(alice, { type: "invite", lifetime: 1, ...offer }),
    batchRead(),
    { type: "expired" },
    { type: "replaced", elsewhere: false },
    { type: "outranked" },
    { type: "superseded" },
    { type: "echoed", what: "answer" },
    { type: "streams_settled" },
    event(bob, { type: "negotiate", lifetime: 1, ...offer }),
    command({ type: "negotiate", ...offer }),
    { type: "sent", what: "invite" },
    { type: "sent", what: "answer" },
    { type: "failed", what: "answer", error: { code: "forbidden", message: "" } },
    { type: "left", who: "peer" },
    command({ type: "invite", ...offer }),
    command({ type: "answer", ...answer }),
    command({ type: "candidate", candidate: candidate("c") }),
    command({ type: "reject" }),
    command({ type: "hangup", reason: "user_hangup" }),
  ];

  it.each<[string, () => Call]>([
    ["ours", ours],
    ["theirs", theirs],
  ])("%s: in every order of any three inputs it ends at most once, and is silent after", (_name, start) => {
    const faults: unknown[] = [];
    for (const a of inputs)
      for (const b of inputs) for (const c of inputs) faults.push(...watch(start(), [a, b, c]));
    expect(faults).toEqual([]);
  });

  /** What a call does that none may: come back, change or speak once it has ended, or end without saying so. */
  function watch(start: Call, order: Input[]): unknown[] {
    const faults: unknown[] = [];
    let call = start;
    for (const input of order) {
      const next = step(call, input, 1_000);
      const told = ends(next.effects).length;
      const silent = types(next.effects).join() === (input.type === "command" ? "refused" : "");
      if (call.state === "ended" && !(next.call === call && silent)) faults.push({ order, after: input });
      if (told > 1 || (told === 1 && next.call.state !== "ended")) faults.push({ order, told });
      call = next.call;
    }
    return faults;
  }
});
