import { describe, expect, it } from "vitest";
import type { Call } from "../../src/signaling/call-state.ts";
import type { Transfer } from "../../src/streams/contract.ts";
import {
  able,
  alice,
  answer,
  answeredByThem,
  answeredByUs,
  batchRead,
  bob,
  bobsTablet,
  command,
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
  unable,
} from "./support.ts";

const transfer: Transfer = {
  replacementId: "R",
  targetUser: { userId: "@carol:test", displayName: "Carol" },
  targetRoom: "!other:test",
  createCall: "new",
};
const ask = command({ type: "transfer", transfer });
const refuse = command({ type: "refuse_transfer", replacementId: "R", reason: "declined" });
const asked = { type: "transfer", transfer } as const;
const refused = { type: "transfer_refused", replacementId: "R", reason: "declined" } as const;
const notAnswered: [string, () => Call][] = [
  ["preparing", ours],
  ["invited", invited],
  ["coming in", theirs],
  ["ringing", ringing],
];

describe("capabilities", () => {
  it("P31 go out with the invite and the answer", () => {
    const expected = { "m.call.transferee": true, "m.call.dtmf": true };
    for (const { effects } of [
      run(ours(), command({ type: "invite", ...offer })),
      run(ringing(), command({ type: "answer", ...answer })),
    ]) {
      expect(sends(effects)[0]?.content.capabilities).toEqual(expected);
    }
  });

  it("P31 of the peer are told with its invite, and with its answer", () => {
    for (const capabilities of [able, unable]) {
      const incoming = run({ ...theirs(), capabilities }, batchRead());
      expect(signals(incoming.effects)[0]).toMatchObject({ type: "incoming", capabilities });
      const answered = run(invited(), event(bob, { type: "answer", ...answer, capabilities }));
      expect(signals(answered.effects)[0]).toMatchObject({ type: "answered", capabilities });
    }
  });
});

describe("a transfer", () => {
  it("P32 goes out to a peer that can be transferred", () => {
    for (const call of [answeredByThem(), answeredByUs()]) {
      expect(sends(run(call, ask).effects)).toMatchObject([
        {
          type: "m.call.replaces",
          content: {
            call_id: ref.callId,
            replacement_id: "R",
            target_user: { id: "@carol:test", display_name: "Carol" },
            target_room: "!other:test",
            create_call: "new",
          },
        },
      ]);
    }
  });

  it("P31 P32 does not go out to a peer that did not say so", () => {
    const call = run(invited(), event(bob, { type: "answer", ...answer, capabilities: unable })).call;
    expect(run(call, ask).effects).toMatchObject([{ type: "refused", error: { code: "wrong_state" } }]);
  });

  it.each(notAnswered)("P32 is neither asked nor refused in a call that is %s", (_phase, call) => {
    for (const input of [ask, refuse]) {
      const open = { ...call(), capabilities: able } as Call;
      const { effects, call: next } = run(open, input);
      expect(effects).toMatchObject([{ type: "refused", error: { code: "wrong_state" } }]);
      expect(next).toEqual(open);
    }
  });

  it("P32 of the peer is handed on, for the app to decide", () => {
    const { effects, call } = run(answeredByUs(), event(alice, asked));
    expect(effects).toEqual([{ type: "signal", signal: { ...ref, ...asked } }]);
    expect(sends(run(call, refuse).effects)).toMatchObject([
      { type: "m.call.reject_replacement", content: { replacement_id: "R", reason: "declined" } },
    ]);
  });

  it.each([
    ["the peer's other device", bobsTablet],
    ["another device of ours", { userId: alice.userId, partyId: "A2" }],
    ["a stranger", mallory],
    ["the peer without its party", { userId: bob.userId }],
  ])("P32 P41 of %s is dropped, and so is its refusal", (_who, sender) => {
    const { call } = run(answeredByThem(), ask);
    for (const said of [asked, refused]) {
      const { effects, call: next } = run(call, event(sender, said));
      expect(types(effects)).toEqual(["dropped"]);
      expect(next).toEqual(call);
    }
  });

  it.each(notAnswered)("P32 counts in no call that is %s", (_phase, call) => {
    for (const sender of [alice, bob])
      for (const said of [asked, refused])
        expect(signals(run(call(), event(sender, said)).effects)).toEqual([]);
  });

  it("P32 that is refused is told once, and only if it was asked", () => {
    expect(types(run(answeredByThem(), event(bob, refused)).effects)).toEqual(["dropped"]);
    const { effects, call } = run(answeredByThem(), ask, event(bob, refused));
    expect(effects).toEqual([{ type: "signal", signal: { ...ref, ...refused } }]);
    expect(types(run(call, event(bob, refused)).effects)).toEqual(["dropped"]);
    const other = { ...refused, replacementId: "other" };
    const askOther = command({ type: "transfer", transfer: { ...transfer, replacementId: "other" } });
    expect(
      types(run(answeredByThem(), ask, askOther, event(bob, refused), event(bob, other)).effects),
    ).toEqual(["transfer_refused"]);
    expect(types(run(answeredByThem(), ask, event(bob, other)).effects)).toEqual(["dropped"]);
  });
});

describe("an asserted identity", () => {
  const carol = { type: "identity", identity: { id: "tel:1", displayName: "Carol" } } as const;

  it("P33 of the peer is handed on, while it rings and after", () => {
    for (const [call, peer] of [
      [ringing(), alice],
      [answeredByUs(), alice],
      [answeredByThem(), bob],
    ] as const) {
      expect(run(call, event(peer, carol)).effects).toEqual([
        { type: "signal", signal: { ...ref, ...carol } },
      ]);
    }
  });

  it("P9 P33 that comes with the invite follows the call", () => {
    const early = run(theirs(), event(alice, carol));
    expect(early.effects).toEqual([]);
    const { effects, call } = run(early.call, batchRead());
    expect(signals(effects).map(({ type }) => type)).toEqual(["incoming", "identity"]);
    expect(call).not.toHaveProperty("identity");
  });

  it("P33 P41 of anybody else is dropped", () => {
    for (const [call, sender] of [
      [answeredByUs(), mallory],
      [answeredByThem(), bobsTablet],
      [ringing(), bob],
      [invited(), mallory],
    ] as const) {
      expect(types(run(call, event(sender, carol)).effects)).toEqual(["dropped"]);
    }
  });
});
