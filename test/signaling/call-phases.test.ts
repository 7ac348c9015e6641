import { describe, expect, it } from "vitest";
import { receive } from "../../src/signaling/call.ts";
import type { Call, Input } from "../../src/signaling/call-state.ts";
import {
  able,
  alice,
  answer,
  answeredByThem,
  answeredByUs,
  batchRead,
  bob,
  bobsTablet,
  candidate,
  command,
  ends,
  event,
  invite,
  invited,
  offer,
  ours,
  ref,
  ringing,
  run,
  signals,
  theirs,
  types,
} from "./support.ts";

const PHASES: Readonly<Record<string, () => Call>> = {
  preparing: ours,
  inviting: invited,
  answered_out: answeredByThem,
  arriving: theirs,
  ringing,
  answered_in: answeredByUs,
};
describe("a command", () => {
  it.each(["claim", "release"] as const)("%s changes nothing in a call and sends nothing", (type) => {
    for (const call of Object.values(PHASES))
      expect(run(call(), command({ type }))).toEqual({ call: call(), effects: [] });
  });

  it("says what else is in its way", () => {
    const call = run(ringing(0), command({ type: "answer", ...answer })).call;
    expect(run(call, command({ type: "negotiate", ...offer })).effects).toMatchObject([
      { error: { message: expect.stringContaining("version 0") } },
    ]);
  });
});

describe("a batch that is read", () => {
  it.each(["preparing", "inviting", "answered_out", "ringing", "answered_in"])(
    "P9 means nothing to a call that is %s",
    (phase) => {
      const call = (PHASES[phase] as () => Call)();
      const offered = { ...call, peer: bob, offer } as Call;
      expect(run(offered, batchRead())).toEqual({ call: offered, effects: [] });
    },
  );

  it.each([
    ["with", answer.streams],
    ["without", undefined],
  ])("P9 P26 announces a call %s metadata, and the caller's candidates after it", (_what, streams) => {
    const offered = { ...offer, ...(streams && { streams }) };
    const start = receive({ ...invite, ...offered }, bob, 91_000);
    const early = event(alice, { type: "candidates", candidates: [candidate("a1"), candidate("a2")] });
    expect(run(start, early, batchRead()).effects).toEqual([
      { type: "expire_at", at: 91_000 },
      { type: "milestone", name: "ringing" },
      {
        type: "signal",
        signal: {
          ...ref,
          ...offered,
          type: "incoming",
          peer: alice,
          remaining: 90_000,
          capabilities: able,
          version: 1,
          negotiable: true,
        },
      },
      {
        type: "signal",
        signal: { ...ref, type: "candidates", candidates: [candidate("a1"), candidate("a2")] },
      },
    ]);
    expect(run(start, batchRead({ replaces: "ours" })).effects).toHaveLength(2);
  });
});

describe("events out of their time", () => {
  const candidates = { type: "candidates", candidates: [candidate("c")] } as const;
  it.each<[string, () => Call, Input]>([
    ["candidates before the invite", ours, event(bob, candidates)],
    ["a reject before the invite", ours, event(bob, { type: "reject" })],
    ["a hangup before the invite", ours, event(bob, { type: "hangup", reason: "user_hangup" })],
    ["an answer before the invite", ours, event(bob, { type: "answer", ...answer })],
    [
      "a selection of the callee",
      answeredByThem,
      event(bob, { type: "select_answer", selectedPartyId: "x" }),
    ],
    ["a reject of our other device after our answer", answeredByUs, event(bobsTablet, { type: "reject" })],
    [
      "a hangup of our other device after our answer",
      answeredByUs,
      event(bobsTablet, { type: "hangup", reason: "x" }),
    ],
    [
      "a hangup of our other device in a call of ours",
      invited,
      event({ ...alice, partyId: "A2" }, { type: "hangup", reason: "x" }),
    ],
  ])("P16 P41 %s changes nothing", (_what, call, input) => {
    const { effects, call: next } = run(call(), input);
    expect(types(effects)).toEqual(["dropped"]);
    expect(next).toEqual(call());
  });

  it("hands candidates on at once after the answer, and keeps none", () => {
    for (const [call, peer] of [
      [answeredByThem(), bob],
      [answeredByUs(), alice],
    ] as const) {
      const { effects, call: next } = run(call, event(peer, candidates));
      expect(effects).toEqual([{ type: "signal", signal: { ...ref, ...candidates } }]);
      expect(next).toEqual(call);
    }
  });
});

describe("what is told", () => {
  it("P16 P17 of our other device that hangs up while it rings: rejected, or why not", () => {
    for (const [reason, told] of [
      ["user_hangup", "rejected"],
      ["user_media_failed", "user_media_failed"],
    ] as const) {
      const { effects } = run(ringing(), event(bobsTablet, { type: "hangup", reason }));
      expect(ends(effects)).toEqual([{ by: "other_device", reason: told }]);
    }
  });

  it("P25 P26 of the answer's streams: as they are, or that there is no word of them", () => {
    const { streams, ...bare } = answer;
    const told = (said: typeof answer) =>
      signals(run(invited(), event(bob, { type: "answer", ...said })).effects)[0];
    expect(told(answer)).toHaveProperty("streams", streams);
    expect(told(bare)).not.toHaveProperty("streams");
  });

  it("P34 when the homeserver has our answer", () => {
    expect(run(answeredByUs(), { type: "sent", what: "answer" }).effects).toMatchObject([
      { type: "milestone", name: "answer_acknowledged" },
      { type: "arm", event: { type: "m.call.hangup", content: { reason: "unknown_error" } } },
    ]);
    expect(run(answeredByUs(), { type: "sent", what: "other" }).effects).toEqual([]);
  });

  it("of an end: a milestone, and the signal last", () => {
    expect(run(answeredByUs(), { type: "left", who: "peer" }).effects).toEqual([
      { type: "never_expire" },
      { type: "milestone", name: "ended" },
      { type: "signal", signal: { ...ref, type: "ended", end: { by: "peer", reason: "left_room" } } },
    ]);
  });
});
