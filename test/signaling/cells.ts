/** A call in each state, each input, and each sender: what the tables of call-table.ts speak of, to be tried. */
import { step } from "../../src/signaling/call.ts";
import type { Call, CallIn, Input, Step } from "../../src/signaling/call-state.ts";
import {
  APPLIES,
  COUNTS,
  FITS,
  SENDERS,
  type Sender,
  STATES,
  type State,
} from "../../src/signaling/call-table.ts";
import type { Command, Party } from "../../src/streams/contract.ts";
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
  event,
  invited,
  mallory,
  offer,
  ours,
  ringing,
  run,
  type Said,
  theirs,
} from "./support.ts";

const keys = <T extends object>(table: T) => Object.keys(table) as (keyof T & string)[];
export const states = keys(STATES);
export const senders = keys(SENDERS);
export const rows = { COUNTS: keys(COUNTS), FITS: keys(FITS), APPLIES: keys(APPLIES) };

const transfer = {
  replacementId: "R",
  targetUser: { userId: "@carol:test" },
  createCall: "new",
} as const;
/** With streams that the peer does not know, and a transfer that was asked for where there can be. */
const MUTED = command({
  type: "streams",
  streams: [{ id: "s", purpose: "m.usermedia", audioMuted: true, videoMuted: false }],
});
const TRANSFERRED = command({ type: "transfer", transfer });

/** Calls between Alice and Bob: ours is Alice's, theirs is Bob's. */
export const CALLS: { readonly [S in State]: () => CallIn<S> } = {
  preparing: ours,
  inviting: () => callIn("inviting", run(invited(), MUTED)),
  arriving: theirs,
  ringing,
  answered_out: () => callIn("answered_out", run(answeredByThem(), MUTED, TRANSFERRED)),
  answered_in: () => callIn("answered_in", run(answeredByUs(), MUTED, TRANSFERRED)),
  ended: () => callIn("ended", run(answeredByUs(), command({ type: "hangup", reason: "user_hangup" }))),
};

/** Who a sender is in a call of this state, where there can be such a one. */
export function partiesOf(sender: Sender, state: State): readonly Party[] {
  const isOurs = state === "preparing" || state === "inviting" || state === "answered_out";
  const isOpen = state === "preparing" || state === "inviting";
  const alicesTablet = { userId: alice.userId, partyId: "A2" };
  const [us, ourDevice, peer, peersDevice] = isOurs
    ? [alice, alicesTablet, bob, bobsTablet]
    : [bob, bobsTablet, alice, alicesTablet];
  return {
    us: [us],
    our_device: [ourDevice],
    peer: isOpen ? [] : [peer],
    invitee: isOpen ? [peer, peersDevice] : [],
    stranger: isOpen ? [mallory] : [mallory, peersDevice],
  }[sender];
}

/** What each event says; where it depends on that what it does, each. */
const SAID: { readonly [T in keyof typeof COUNTS]: readonly Said[] } = {
  invite: [{ type: "invite", lifetime: 1_000, ...offer }],
  answer: [{ type: "answer", ...answer }],
  candidates: [{ type: "candidates", candidates: [candidate("c")] }],
  select_answer: [
    { type: "select_answer", selectedPartyId: "somebody else" },
    { type: "select_answer", selectedPartyId: bob.partyId },
  ],
  reject: [{ type: "reject" }],
  hangup: [{ type: "hangup", reason: "user_hangup" }],
  streams: [{ type: "streams", streams: answer.streams ?? [] }],
  negotiate: [{ type: "negotiate", lifetime: 1_000, ...offer }],
  transfer: [{ type: "transfer", transfer }],
  transfer_refused: [{ type: "transfer_refused", replacementId: "R", reason: "declined" }],
  identity: [{ type: "identity", identity: { displayName: "Carol" } }],
};
export const eventsBy = (type: keyof typeof COUNTS, party: Party): readonly Input[] =>
  SAID[type].map((said) => event(party, said));

type Bodies = {
  readonly [T in Command["type"]]: Omit<Extract<Command, { type: T }>, "type" | "roomId" | "callId">;
};
const BODIES: Bodies = {
  place: {},
  invite: offer,
  answer,
  reject: {},
  claim: {},
  release: {},
  candidate: { candidate: candidate("c") },
  streams: { streams: [] },
  negotiate: offer,
  transfer: { transfer },
  refuse_transfer: { replacementId: "R", reason: "declined" },
  path: { alive: true },
  hangup: { reason: "user_hangup" },
};
export const commandOf = (type: keyof typeof FITS): Input =>
  command({ type, ...BODIES[type] } as Parameters<typeof command>[0]);

const error = { code: "forbidden", message: "no" } as const;
/** The rest; where it depends on its words what it does, each. */
export const INPUTS: { readonly [K in keyof typeof APPLIES]: readonly Input[] } = {
  batch_read: [batchRead(), batchRead({ publicRoom: true })],
  outranked: [{ type: "outranked" }],
  superseded: [{ type: "superseded" }],
  replaced: [
    { type: "replaced", elsewhere: false },
    { type: "replaced", elsewhere: true },
  ],
  expired: [{ type: "expired" }],
  batched: [{ type: "batched", candidates: [candidate("c")] }],
  streams_settled: [{ type: "streams_settled" }],
  left: [
    { type: "left", who: "us" },
    { type: "left", who: "peer" },
  ],
  sent_invite: [{ type: "sent", what: "invite" }],
  sent_answer: [{ type: "sent", what: "answer" }],
  failed_invite: [{ type: "failed", what: "invite", error }],
  failed_answer: [{ type: "failed", what: "answer", error }],
  echoed_invite: [{ type: "echoed", what: "invite" }],
  echoed_answer: [{ type: "echoed", what: "answer" }],
};

/** One input, 2 s after the call began: what rings has rung for long enough to be superseded. */
export const tried = (call: Call, input: Input): Step => step(call, input, 3_000);
