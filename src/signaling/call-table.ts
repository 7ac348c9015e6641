/**
 * What may happen to a call, as data, and the only place that decides it: which event counts in which state and from
 * whom, which command fits, and in which states the rest applies. `step()` asks here; handlers say only what happens.
 * docs/call-states.md is made from this.
 */
import type { Command } from "../streams/contract.ts";
import type { CallEvent } from "./event-types.ts";

/** Where a call stands, as the engine sees it, and what that means. */
export const STATES = {
  preparing: "ours; its invite is not made yet",
  inviting: "ours; its invite is on its way or stored, and nobody has answered",
  arriving: "theirs; its invite came in a batch that is being read, or it waits until it may ring",
  ringing: "theirs, and the user knows",
  answered_out: "ours; the peer has answered",
  answered_in: "theirs; we have answered",
  ended: "for good",
} as const;
export type State = keyof typeof STATES;

/** Who an event comes from, as the call sees it, and what that means. */
export const SENDERS = {
  us: "our party in this call",
  peer: "the party that called, or the one that has answered",
  invitee: "before there is a peer: a device of a user who may answer",
  our_device: "another device of our user",
  stranger: "anyone else",
} as const;
export type Sender = keyof typeof SENDERS;

const LIVE = ["preparing", "inviting", "arriving", "ringing", "answered_out", "answered_in"] as const;
const ANSWERED = ["answered_out", "answered_in"] as const;
/** The peer has our invite or our answer, or is about to. */
const DESCRIBED = ["inviting", ...ANSWERED] as const;

const PEER = ["peer"] as const;
const OUR_DEVICE = ["our_device"] as const;
const INVITEE = ["invitee"] as const;
const FROM_PEER = { answered_out: PEER, answered_in: PEER } as const;
const FROM_CALLER_TOO = { inviting: INVITEE, arriving: PEER, ringing: PEER, ...FROM_PEER } as const;
const FROM_CALLEE_TOO = { inviting: INVITEE, ...FROM_PEER } as const;

/** Which event counts in which state, and from whom (P41); any other is dropped. */
export const COUNTS = {
  invite: {},
  answer: { inviting: INVITEE, arriving: OUR_DEVICE, ringing: OUR_DEVICE, answered_in: OUR_DEVICE },
  candidates: FROM_CALLER_TOO,
  select_answer: { arriving: PEER, ringing: PEER, answered_in: PEER },
  reject: { inviting: INVITEE, arriving: OUR_DEVICE, ringing: OUR_DEVICE },
  hangup: {
    preparing: ["us"],
    inviting: ["us", "invitee"],
    arriving: ["us", "peer", "our_device"],
    ringing: ["us", "peer", "our_device"],
    answered_out: ["us", "peer"],
    answered_in: ["us", "peer"],
  },
  streams: FROM_CALLER_TOO,
  negotiate: FROM_CALLEE_TOO,
  transfer: FROM_CALLEE_TOO,
  transfer_refused: FROM_PEER,
  identity: FROM_CALLER_TOO,
} as const satisfies Record<CallEvent["type"], Partial<Record<State, readonly Sender[]>>>;

/** Where these events count they are kept until the call rings or is answered: requests overtake each other. */
export const KEPT = {
  states: ["inviting", "arriving"],
  events: ["candidates", "streams", "negotiate", "transfer", "identity"],
} as const satisfies { readonly states: readonly State[]; readonly events: readonly CallEvent["type"][] };

const includes = <T>(list: readonly T[], item: T): boolean => list.includes(item);
export const isKept = (event: CallEvent["type"], state: State): boolean =>
  includes(KEPT.states, state) && includes(KEPT.events, event);

/** Which command fits which state; any other is refused. */
export const FITS = {
  place: [],
  invite: ["preparing"],
  answer: ["ringing"],
  reject: ["ringing"],
  claim: LIVE,
  release: LIVE,
  candidate: DESCRIBED,
  streams: DESCRIBED,
  negotiate: ANSWERED,
  transfer: ANSWERED,
  refuse_transfer: ANSWERED,
  path: LIVE,
  hangup: LIVE,
} as const satisfies Record<Command["type"], readonly State[]>;

/** In which states the rest applies, what became of an event of ours by its kind; elsewhere it changes nothing. */
export const APPLIES = {
  batch_read: ["arriving"],
  outranked: ["arriving"],
  superseded: ["arriving", "ringing"],
  replaced: ["preparing", "inviting"],
  expired: ["preparing", "inviting", "arriving", "ringing"],
  batched: DESCRIBED,
  streams_settled: DESCRIBED,
  left: LIVE,
  sent_invite: ["inviting", "answered_out"],
  sent_answer: ["answered_in"],
  failed_invite: ["inviting"],
  failed_answer: ["answered_in"],
  // Also before the command of a page that repeats it, where the engine that sent the event was lost.
  echoed_invite: ["preparing", "inviting", "answered_out"],
  echoed_answer: ["ringing", "answered_in"],
} as const satisfies Record<string, readonly State[]>;

/** Whether a row of a table has this state; one that the table does not have, of a newer page, has none. */
export function isIn<T extends Readonly<Record<string, readonly State[]>>>(
  table: T,
  row: string,
  state: State,
): row is Extract<keyof T, string> {
  const states: unknown = table[row];
  return Array.isArray(states) && states.includes(state);
}
