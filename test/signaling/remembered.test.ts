import { describe, expect, it } from "vitest";
import { encode } from "../../src/signaling/encode.ts";
import { readState } from "../../src/signaling/remembered.ts";
import type { Memory } from "../../src/streams/contract.ts";
import { TrunklineError } from "../../src/streams/errors.ts";
import { PROTOCOL } from "../../src/streams/protocol.ts";
import { virtualClock } from "../../src/testing/clock.ts";
import { callsWorld, endOf, inviteBy, said } from "./calls-world.ts";
import { CALLS } from "./cells.ts";
import { alice, answer, bob, candidate, mallory, offer, ref } from "./support.ts";

const theirs = { roomId: ref.roomId, callId: "theirs" };
const mine = { roomId: ref.roomId, callId: "mine" };
const down = new TrunklineError("homeserver_unreachable", "down");

/** A device with its calls remembered, and another engine for it. */
function world(memory?: Memory) {
  const calls = callsWorld(alice, undefined, memory);
  calls.watch();
  return calls;
}

const ringing = () => {
  const first = world();
  first.read([inviteBy(bob, "theirs")]);
  return first;
};
const answered = async () => {
  const first = world();
  await first.place("mine");
  first.read([said(bob, encode.answer(endOf(bob, "mine"), answer))]);
  await first.clock.advance(0);
  return first;
};

describe("what is remembered", () => {
  it("is a call from its first mention to its end", async () => {
    const { calls, clock, memory } = world();
    await calls.dispatch({ ...mine, type: "place" });
    expect(memory().calls).toMatchObject([mine]);
    await calls.dispatch({ ...mine, type: "invite", ...offer });
    await calls.dispatch({ ...mine, type: "hangup", reason: "user_hangup" });
    await clock.advance(0);
    expect(memory().calls).toEqual([]);
  });

  it("P9 is not a call whose batch is not read to its end, nor what has been handed on", () => {
    const { memory } = ringing();
    expect(memory().calls).toMatchObject([{ state: { call: { state: "ringing" } } }]);
    expect(JSON.stringify(memory())).not.toContain("sdp");
  });

  it("is where the sync goes on, after what the batch told", () => {
    const { read, memory } = world();
    read([inviteBy(bob, "theirs")], { position: "s1" });
    expect(memory()).toMatchObject({ position: "s1", calls: [theirs] });
    read([]);
    expect(memory().position).toBe("s1");
  });

  it("costs nothing where nobody listens", () => {
    const { read, memory } = callsWorld();
    read([inviteBy(bob, "theirs")], { position: "s1" });
    expect(memory()).toEqual({ calls: [] });
  });

  it("is a call that has ended, until the room knows", async () => {
    const { read, calls, clock, faults, memory } = ringing();
    faults.push(down);
    const rejected = calls.dispatch({ ...theirs, type: "reject" });
    expect(memory().calls).toMatchObject([
      { state: { call: { state: "ended" }, pending: [{ event: { type: "m.call.reject" } }] } },
    ]);
    await clock.advance(1_000);
    await rejected;
    await clock.advance(0);
    expect(memory().calls).toEqual([]);
    read([inviteBy(bob, "theirs")]);
    expect(memory().calls).toEqual([]);
  });

  it("P23 is a candidate until the homeserver has it", async () => {
    const { calls, clock, place, memory } = world();
    await place("mine");
    await calls.dispatch({ ...mine, type: "candidate", candidate: candidate("c") });
    expect(memory().calls).toMatchObject([{ state: { candidates: [candidate("c")], pending: [] } }]);
    await clock.advance(100);
    expect(memory().calls).toMatchObject([{ state: { candidates: [], pending: [] } }]);
  });
});

describe("an engine that goes on", () => {
  it("P7 stops ringing on time", async () => {
    const { memory } = ringing();
    const { clock, news } = world(memory());
    await clock.advance(89_999);
    expect(news(theirs)).toEqual([]);
    await clock.advance(1);
    expect(news(theirs)).toMatchObject([{ type: "ended", end: { reason: "invite_timeout" } }]);
  });

  it.each([
    ["shows what has passed since", 110_000, 80_000],
    ["was set back, and is taken to begin where the other ended", 0, 90_000],
    ["shows that it is over", 400_000, 0],
  ])("P7 stops ringing on time where its clock %s", async (_, start, left) => {
    const first = world();
    await first.clock.advance(100_000);
    first.read([inviteBy(bob, "theirs")]);
    const clock = virtualClock();
    clock.sleep(start);
    const { news } = callsWorld(alice, undefined, first.memory(), [], clock);
    await clock.advance(left - 1);
    expect(news(theirs)).toEqual([]);
    await clock.advance(1);
    expect(news(theirs)).toMatchObject([{ type: "ended", end: { reason: "invite_timeout" } }]);
  });

  it("P30 sends what is left for as long as it is worth it, though its clock was set back", async () => {
    const first = world();
    await first.clock.advance(100_000);
    await first.calls.dispatch({ ...mine, type: "place" });
    first.faults.push(down, down);
    first.calls.dispatch({ ...mine, type: "invite", ...offer }).catch(() => {});
    await first.clock.advance(0);
    const second = callsWorld(alice, undefined, first.memory(), Array(100).fill(down), virtualClock());
    await second.clock.advance(60_000);
    expect(second.news(mine)).toEqual([]);
    await second.clock.advance(30_000);
    expect(second.news(mine)).toMatchObject([{ type: "ended" }]);
    expect(second.sent).toEqual([]);
  });

  it("P7 hangs up its own call that nobody answers on time", async () => {
    const first = world();
    await first.place("mine");
    const { clock, news, types } = world(first.memory());
    await clock.advance(90_000);
    expect(types()).toEqual(["hangup"]);
    expect(news(mine)).toMatchObject([{ type: "ended", end: { reason: "invite_timeout" } }]);
  });

  it("P21 waits no longer for an invite that nobody makes", async () => {
    const first = world();
    await first.calls.dispatch({ ...mine, type: "place" });
    await first.clock.advance(30_000);
    const { clock, news, types } = world(first.memory());
    await clock.advance(90_000);
    expect([types(), news(mine)]).toMatchObject([[], [{ type: "ended", end: { reason: "invite_timeout" } }]]);
    expect(clock.pending).toBe(0);
  });

  it("P4 is the same party, and hears its peer", async () => {
    const first = await answered();
    const { read, news, calls, clock, sent } = world(first.memory());
    read([said(bob, encode.candidates(endOf(bob, "mine"), [candidate("late")]))]);
    expect(news(mine)).toMatchObject([{ type: "candidates" }]);
    await calls.dispatch({ ...mine, type: "hangup", reason: "user_hangup" });
    await clock.advance(0);
    expect(sent.map(({ content }) => content.party_id)).toEqual([first.party("mine").partyId]);
  });

  it("P30 sends again what may not have arrived, under the same name, and tells when it has", async () => {
    const first = world();
    await first.calls.dispatch({ ...mine, type: "place" });
    first.faults.push(down);
    first.calls.dispatch({ ...mine, type: "invite", ...offer }).catch(() => {});
    await first.clock.advance(0);
    const second = world(first.memory());
    await second.clock.advance(0);
    expect(second.sent.map(({ txnId }) => txnId)).toEqual([`${second.party("mine").partyId}.m.call.invite`]);
    expect(second.news(mine)).toMatchObject([{ type: "invited" }]);
    await first.clock.advance(1_000);
    expect(first.sent.map(({ txnId }) => txnId)).toEqual(second.sent.map(({ txnId }) => txnId));
  });

  it("P23 sends the candidates that are left", async () => {
    const first = world();
    await first.place("mine");
    await first.calls.dispatch({ ...mine, type: "candidate", candidate: candidate("c") });
    const { clock, sent } = world(first.memory());
    await clock.advance(100);
    expect(sent).toMatchObject([{ content: { candidates: [candidate("c")] } }]);
  });

  it("P25 tells the peer of streams that had not settled", async () => {
    const first = await answered();
    const streams = [{ id: "s", purpose: "m.usermedia", audioMuted: true, videoMuted: false }] as const;
    await first.calls.dispatch({ ...mine, type: "streams", streams });
    const { clock, types } = world(first.memory());
    await clock.advance(200);
    expect(types()).toContain("sdp_stream_metadata_changed");
  });

  it("does not do twice what is said again", async () => {
    const first = await answered();
    const second = world(first.memory());
    await second.calls.dispatch({ ...mine, type: "place", again: true });
    await second.calls.dispatch({ ...mine, type: "invite", ...offer, again: true });
    expect(second.sent).toEqual([]);
    await second.calls.dispatch({ ...mine, type: "hangup", reason: "user_hangup", again: true });
    await second.calls.dispatch({ ...mine, type: "hangup", reason: "user_hangup", again: true });
    expect(second.types()).toEqual(["hangup"]);
    const taken = ringing();
    await taken.calls.dispatch({ ...theirs, type: "answer", ...answer, again: true });
    await taken.calls.dispatch({ ...theirs, type: "answer", ...answer, again: true });
    expect(taken.types()).toEqual(["answer"]);
  });

  it("says that it is done only when it is", async () => {
    const first = ringing();
    first.faults.push(down);
    first.calls.dispatch({ ...theirs, type: "reject" }).catch(() => {});
    await first.clock.advance(0);
    const second = callsWorld(alice, undefined, first.memory(), [down]);
    let done = false;
    void second.calls.dispatch({ ...theirs, type: "reject", again: true }).then(() => {
      done = true;
    });
    await second.clock.advance(0);
    expect([done, second.types()]).toEqual([false, []]);
    await second.clock.advance(1_000);
    expect([done, second.types()]).toEqual([true, ["reject"]]);
  });

  it.each([
    ["invite", { ...mine, type: "invite", ...offer, again: true }],
    ["answer", { ...mine, type: "answer", ...answer, again: true }],
  ] as const)("refuses the %s of a call that it knows nothing of", async (_what, command) => {
    await expect(world().calls.dispatch(command)).rejects.toMatchObject({ code: "unknown_call" });
  });

  it("still refuses what is said for the first time and does not fit", async () => {
    const first = await answered();
    await expect(first.calls.dispatch({ ...mine, type: "invite", ...offer })).rejects.toMatchObject({
      code: "wrong_state",
    });
    const hangup = { ...theirs, type: "hangup", reason: "user_hangup" } as const;
    await expect(first.calls.dispatch(hangup)).rejects.toMatchObject({ code: "unknown_call" });
  });

  it("P43 passes over what no engine tells, and calls of another user", async () => {
    const first = await answered();
    const [call] = first.memory().calls;
    const state = call?.state as { call: object };
    const strange = [
      undefined,
      null,
      "call",
      {},
      { ...state, call: { ...state.call, state: "odd" } },
      { ...state, pending: "none" },
      { ...state, major: PROTOCOL.major + 1 },
      { ...state, major: undefined },
      { ...state, call: { ...state.call, us: bob } },
    ];
    const second = world({ calls: strange.map((state) => ({ ...mine, state })) });
    const again = { ...mine, type: "hangup", reason: "user_hangup" } as const;
    await expect(second.calls.dispatch(again)).rejects.toMatchObject({ code: "unknown_call" });
    expect(second.clock.pending).toBe(0);
    const whole = world({ calls: [{ ...mine, state }] });
    await whole.calls.dispatch(again);
    expect(whole.types()).toEqual(["hangup"]);
  });
});

describe("a snapshot that cannot be read", () => {
  /** As the protocol's major version 2 had it, of a call of ours that is answered. */
  const old = {
    major: 2,
    call: {
      ...mine,
      direction: "outgoing",
      phase: "answered",
      us: { userId: alice.userId, partyId: "A1" },
      peer: bob,
      version: 1,
      capabilities: { transferee: false, dtmf: false },
      lifetime: 90_000,
      expiresAt: 90_000,
      early: [],
      transfers: [],
    },
    pending: [],
    candidates: [],
    at: 0,
  };
  const refused = {
    ...mine,
    type: "ended",
    end: { by: "system", reason: "signalling_failed", error: { code: "invalid_option" } },
  };

  it.each<[string, unknown]>([
    ["of the major version before", old],
    ["of that shape under this version's number", { ...old, major: PROTOCOL.major }],
    ["of a later major version", { ...old, major: PROTOCOL.major + 1 }],
    ["that is none", "call"],
  ])("%s ends its call with a code, once, when a batch is read, and is forgotten", (_what, state) => {
    const { calls, signals, read, memory, clock } = world({ calls: [{ ...mine, state }] });
    calls.adopt([]);
    expect(signals).toEqual([]);
    read([]);
    read([]);
    expect(signals).toMatchObject([refused]);
    expect(memory().calls).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it("comes later, with a tab: its call ends too, and one that the batch brings does not", () => {
    const { calls, signals, read, news } = world();
    calls.adopt([
      { ...mine, state: old },
      { ...theirs, state: old },
    ]);
    read([inviteBy(bob, "theirs")]);
    expect(signals.filter(({ type }) => type === "ended")).toMatchObject([refused]);
    expect(news(theirs)).toMatchObject([{ type: "incoming" }]);
  });

  it.each([
    ["preparing", "us"],
    ["inviting", "early"],
    ["ringing", "peer"],
    ["ringing", "ringingSince"],
    ["answered_out", "peer"],
    ["answered_out", "transfers"],
    ["answered_in", "capabilities"],
    ["ended", "expiresAt"],
  ] as const)("is one of a call that is %s without its %s", (state, missing) => {
    const call: Partial<Record<string, unknown>> = {
      ...CALLS[state](),
      us: { userId: alice.userId, partyId: "A1" },
    };
    const snapshot = { major: PROTOCOL.major, pending: [], candidates: [], at: 0 };
    const { roomId, callId } = ref;
    const read = (state: unknown) => readState({ roomId, callId, state }, alice.userId, 0)?.call;
    expect(read({ ...snapshot, call })).toEqual(call);
    const { [missing]: _, ...rest } = call;
    expect(read({ ...snapshot, call: rest })).toBeUndefined();
  });

  it.each(["arriving", "invited", "toString", undefined])("is one of a call whose state is %s", (state) => {
    const call = { ...CALLS.ringing(), us: { userId: alice.userId, partyId: "A1" }, state };
    const snapshot = { major: PROTOCOL.major, call, pending: [], candidates: [], at: 0 };
    expect(readState({ ...ref, state: snapshot }, alice.userId, 0)).toBeUndefined();
  });
});

describe("a call that is taken up later than its engine began", () => {
  it("goes on, is remembered, and is taken up once", async () => {
    const { calls } = (await answered()).memory();
    const second = world();
    second.calls.adopt(calls);
    second.calls.adopt(calls);
    expect(second.memory().calls).toMatchObject([mine]);
    await second.calls.dispatch({ ...mine, type: "hangup", reason: "user_hangup" });
    expect(second.types()).toEqual(["hangup"]);
  });

  it("ends where its peer has hung up meanwhile", async () => {
    const { calls } = (await answered()).memory();
    const second = world();
    second.read([said(bob, encode.hangup(endOf(bob, "mine"), "user_hangup"))], { live: false });
    second.calls.adopt(calls);
    await second.clock.advance(0);
    expect(second.signals.filter(({ type }) => type === "ended")).toMatchObject([
      { ...mine, end: { by: "peer", reason: "user_hangup" } },
    ]);
    expect(second.memory().calls).toEqual([]);
  });

  it.each([undefined, bob.userId])("learns what became of it before, invitee %s", async (invitee) => {
    const first = world();
    await first.place("mine", { invitee: invitee ?? null });
    const end = endOf(bob, "mine");
    const outcomes = {
      answered: encode.answer(end, answer),
      rejected: encode.reject(end),
      user_busy: encode.hangup(end, "user_busy"),
    };
    for (const [outcome, event] of Object.entries(outcomes)) {
      const second = world();
      second.read([said(mallory, event, { roomId: "!other:test" }), said(bob, event)], { live: false });
      second.calls.adopt(first.memory().calls);
      const news = second.news(mine).map((each) => (each.type === "ended" ? each.end.reason : each.type));
      expect(news).toEqual([outcome]);
    }
  });

  it("stops ringing where another device of ours has answered before", () => {
    const second = world();
    const tablet = { ...alice, partyId: "A2" };
    second.read([said(tablet, encode.answer(endOf(tablet, "theirs"), answer))], { live: false });
    second.calls.adopt(ringing().memory().calls);
    expect(second.news(theirs)).toMatchObject([{ type: "ended", end: { by: "other_device" } }]);
  });

  it("P34 P41 goes on though its peer's delayed hangup was read before, or another party's", async () => {
    const first = await answered();
    await first.calls.dispatch({ ...mine, type: "path", alive: true });
    const second = world();
    second.read(
      [
        said(bob, encode.delayedHangup(endOf(bob, "mine"))),
        said(mallory, encode.hangup(endOf(mallory, "mine"), "user_hangup")),
      ],
      { live: false },
    );
    second.calls.adopt(first.memory().calls);
    expect(second.news(mine)).toEqual([]);
    await second.calls.dispatch({ ...mine, type: "path", alive: false });
    expect(second.news(mine)).toMatchObject([{ type: "ended", end: { by: "peer" } }]);
  });

  it("does not take the place of one that is known, and P7 stops ringing on time", async () => {
    const { calls } = ringing().memory();
    const second = ringing();
    second.calls.adopt(calls);
    expect(second.memory().calls).toHaveLength(1);
    const third = world();
    third.calls.adopt(calls);
    await third.clock.advance(90_000);
    expect(third.signals.filter(({ type }) => type === "ended")).toHaveLength(1);
    expect(third.clock.pending).toBe(0);
  });
});
