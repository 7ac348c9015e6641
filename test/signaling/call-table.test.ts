/** Which event counts in which phase, and from whom: every cell. */
import { describe, expect, it } from "vitest";
import type { Call, Input, Step } from "../../src/signaling/call-state.ts";
import type { Party } from "../../src/streams/contract.ts";
import {
  alice,
  answer,
  answeredByThem,
  answeredByUs,
  batchRead,
  bob,
  bobsTablet,
  candidate,
  event,
  invited,
  mallory,
  offer,
  ours,
  ringing,
  run,
  type Said,
  signals,
  theirs,
} from "./support.ts";

const alicesTablet = { userId: alice.userId, partyId: "A2" };
/** Calls between Alice and Bob; `us` is Alice in ours, Bob in theirs. */
const PHASES = {
  preparing: ours,
  inviting: invited,
  answered_out: answeredByThem,
  arriving: theirs,
  ringing,
  answered_in: answeredByUs,
} as const satisfies Record<string, () => Call>;
type Phase = keyof typeof PHASES;
const isOurs = (phase: Phase) => ["preparing", "inviting", "answered_out"].includes(phase);

type Sender = "us" | "our_device" | "peer" | "peer_device" | "stranger";
const partyOf = (sender: Sender, phase: Phase): Party => {
  const [us, ourDevice, peer, peerDevice] = isOurs(phase)
    ? [alice, alicesTablet, bob, bobsTablet]
    : [bob, bobsTablet, alice, alicesTablet];
  return { us, our_device: ourDevice, peer, peer_device: peerDevice, stranger: mallory }[sender];
};
const SENDERS: readonly Sender[] = ["us", "our_device", "peer", "peer_device", "stranger"];

const EVENTS = {
  invite: { type: "invite", lifetime: 1_000, ...offer },
  answer: { type: "answer", ...answer },
  candidates: { type: "candidates", candidates: [candidate("c")] },
  select_answer: { type: "select_answer", selectedPartyId: "somebody else" },
  reject: { type: "reject" },
  hangup: { type: "hangup", reason: "user_hangup" },
  streams: { type: "streams", streams: answer.streams ?? [] },
  negotiate: { type: "negotiate", lifetime: 1_000, ...offer },
  transfer: {
    type: "transfer",
    transfer: { replacementId: "R", targetUser: { userId: "@carol:test" }, createCall: "new" },
  },
  transfer_refused: { type: "transfer_refused", replacementId: "never asked", reason: "declined" },
  identity: { type: "identity", identity: { displayName: "Carol" } },
} as const satisfies Record<string, Said>;
type EventName = keyof typeof EVENTS;

const PEER: readonly Sender[] = ["peer"];
/** Before there is a peer, each device of the invitee may become it. */
const INVITEE: readonly Sender[] = ["peer", "peer_device"];
const OURS: readonly Sender[] = ["our_device"];
/** Changes the call, or is signalled, at once. */
const COUNTS: Record<EventName, Partial<Record<Phase, readonly Sender[]>>> = {
  invite: {},
  answer: { inviting: INVITEE, arriving: OURS, ringing: OURS },
  candidates: { answered_out: PEER, ringing: PEER, answered_in: PEER },
  select_answer: { arriving: PEER, ringing: PEER, answered_in: PEER },
  reject: { inviting: INVITEE, arriving: OURS, ringing: OURS },
  hangup: {
    preparing: ["us"],
    inviting: ["us", ...INVITEE],
    answered_out: ["us", "peer"],
    arriving: ["us", "peer", "our_device"],
    ringing: ["us", "peer", "our_device"],
    answered_in: ["us", "peer"],
  },
  streams: { answered_out: PEER, ringing: PEER, answered_in: PEER },
  negotiate: { answered_out: PEER, answered_in: PEER },
  transfer: { answered_out: PEER, answered_in: PEER },
  transfer_refused: {},
  identity: { answered_out: PEER, ringing: PEER, answered_in: PEER },
};
/** Is kept for the next phase. */
const LATER: Partial<Record<Phase, readonly EventName[]>> = {
  inviting: ["candidates", "streams", "identity", "negotiate", "transfer"],
  arriving: ["candidates", "streams", "identity"],
};
const keeps = (name: EventName, phase: Phase, sender: Sender) =>
  LATER[phase]?.includes(name) && (phase === "inviting" ? INVITEE : PEER).includes(sender);

function outcomeOf(call: Call, { call: next, effects }: Step) {
  if (next.early !== call.early && next.phase === call.phase) return "kept";
  return next.phase !== call.phase || signals(effects).length > 0 ? "counts" : "nothing";
}

const cells = (Object.keys(EVENTS) as EventName[]).flatMap((name) =>
  (Object.keys(PHASES) as Phase[]).map((phase) => [name, phase] as const),
);

describe("an event", () => {
  it.each(cells)("P4 P41 %s, %s: counts from whom it may come, and from nobody else", (name, phase) => {
    const found = SENDERS.map((sender) => {
      const call = PHASES[phase]();
      return [sender, outcomeOf(call, run(call, event(partyOf(sender, phase), EVENTS[name])))];
    });
    const expected = SENDERS.map((sender) => [
      sender,
      COUNTS[name][phase]?.includes(sender) ? "counts" : keeps(name, phase, sender) ? "kept" : "nothing",
    ]);
    expect(found).toEqual(expected);
  });

  const steps: [string, Phase, Input][] = [
    ["rings", "arriving", batchRead()],
    ["is answered", "inviting", event(bob, EVENTS.answer)],
  ];
  it.each(
    steps.flatMap(([what, phase, input]) =>
      (LATER[phase] ?? []).map((name) => [name, what, phase, input] as const),
    ),
  )("%s counts the same before the call %s as after", (name, _what, phase, input) => {
    const early = event(partyOf("peer", phase), EVENTS[name]);
    const said = (...inputs: Input[]) => {
      const emitted: unknown[] = [];
      let { call } = run(PHASES[phase]());
      for (const each of inputs) {
        const next = run(call, each);
        emitted.push(...signals(next.effects));
        call = next.call;
      }
      return { emitted, call };
    };
    const [before, after] = [said(early, input), said(input, early)];
    expect(before).toEqual(after);
    expect(before.call.early).toEqual([]);
  });
});
