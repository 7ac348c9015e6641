/** What an event from the room means to a call. It has been routed: its room and call id are this call's. */
import type { Party } from "../streams/contract.ts";
import { noteEvidence } from "./call-delivery.ts";
import { isNegotiable, NO_CAPABILITIES, negotiated, provenBy } from "./call-negotiate.ts";
import {
  appendEffects,
  type Call,
  type CallIn,
  descriptionOf,
  dropped,
  type Early,
  type Effect,
  end,
  from,
  type InvitingCall,
  isAnswered,
  type LiveCall,
  prependEffects,
  refOf,
  type Step,
  sameParty,
  send,
  senderOf,
  stay,
} from "./call-state.ts";
import { COUNTS, isKept, type KEPT, type Sender, type State } from "./call-table.ts";
import { transferAsked, transferRefused } from "./call-transfer.ts";
import { encode } from "./encode.ts";
import type { CallEvent, EventOf } from "./event-types.ts";

/** Bounds on what is kept of events that come one state too early (P44). */
const MAX_EARLY_PARTIES = 8;
const MAX_EARLY_EVENTS = 32;

export function receiveEvent(was: Call, event: CallEvent): Step {
  if (was.state === "ended") return stay(was);
  const sender = senderOf(was, event.sender);
  const { call, effects } = noteEvidence(withoutOldHangup(was, event, sender), event, sender);
  return prependEffects(effects, apply(call as LiveCall, event, sender));
}

function apply(call: LiveCall, event: CallEvent, sender: Sender): Step {
  const { type } = event;
  const { state } = call;
  const counts: Partial<Record<State, readonly Sender[]>> = COUNTS[type];
  if (!counts[state]?.includes(sender))
    return dropped(call, event, `does not count from ${sender} while ${state}`);
  if (isKept(type, state)) return keepEarly(call as CallIn<KeepingState>, event);
  return (HANDLERS[type] as (call: Call, event: CallEvent, sender: Sender) => Step)(call, event, sender);
}

type Counts = typeof COUNTS;
type KeptType = (typeof KEPT.events)[number];
type KeepingState = (typeof KEPT.states)[number];

/** What an event does in the states in which it counts, unless it is kept for the next. */
const HANDLERS: {
  readonly [T in keyof Counts]: (
    call: CallIn<Exclude<keyof Counts[T] & State, T extends KeptType ? KeepingState : never>>,
    event: EventOf<T>,
    sender: Sender,
  ) => Step;
} = {
  invite: (call) => stay(call),
  answer(call, event) {
    if (call.state === "inviting") return answered(call, event);
    // Where both of us answered, the caller's selection decides.
    return call.state === "answered_in" ? stay(call) : end(call, "other_device", "answered_elsewhere");
  },
  candidates: (call, { candidates }) =>
    candidates.length > 0
      ? stay(call, { type: "signal", signal: { type: "candidates", candidates, ...refOf(call) } })
      : stay(call),
  // If it is not us who was selected, somebody else was (P15).
  select_answer: (call, { selectedPartyId }) =>
    selectedPartyId === call.us.partyId ? stay(call) : end(call, "other_device", "answered_elsewhere"),
  reject: (call, { sender }) =>
    call.state === "inviting"
      ? prependEffects(selection(call, sender), end(call, "peer", "rejected"))
      : end(call, "other_device", "rejected"),
  hangup: hungUp,
  streams: (call, { streams }) =>
    stay(call, { type: "signal", signal: { type: "streams", streams, ...refOf(call) } }),
  negotiate: negotiated,
  transfer: transferAsked,
  transfer_refused: transferRefused,
  // Who a bridge says is talking (P33).
  identity: (call, { identity }) =>
    stay(call, { type: "signal", signal: { type: "identity", identity, ...refOf(call) } }),
};

/** Keeps an event for the next state, where its sender may yet be the peer in it. */
function keepEarly(call: CallIn<KeepingState>, event: CallEvent): Step {
  const { sender } = event;
  const { events } = call.early.find(({ party }) => sameParty(party, sender)) ?? { events: [] };
  const others = call.early.filter(({ party }) => !sameParty(party, sender));
  if (others.length >= MAX_EARLY_PARTIES || events.length >= MAX_EARLY_EVENTS)
    return dropped(call, event, "more than is kept before the call rings or is answered");
  return stay({ ...call, early: [...others, { party: sender, events: [...events, event] }] });
}

/** Applies what the peer sent too early, and forgets the rest: the state that it was kept for has come. */
export function applyEarly(start: Step, peer: Party, early: readonly Early[]): Step {
  return early
    .flatMap(({ party, events }) => (sameParty(peer, party) ? events : []))
    .reduce((done, event) => prependEffects(done.effects, receiveEvent(done.call, event)), start);
}

/** Version 0 knows no parties to select. */
const selection = (call: InvitingCall, { partyId }: Party): Effect[] =>
  partyId === undefined ? [] : [send(encode.selectAnswer(from(call), partyId))];

/** The first answer is taken, and the others receive the selection (P15). */
function answered(call: InvitingCall, event: EventOf<"answer">): Step {
  const { sender: peer, version, capabilities = NO_CAPABILITIES } = event;
  const { roomId, callId, us, lifetime, expiresAt, early } = call;
  const { streams, announcedStreams, pathAlive, ignoredHangup } = call;
  const facts = { peer, version, capabilities, ...provenBy(event) };
  const taken = stay(
    // Named one by one: what is left of an object without some takes thirty times as long to make.
    {
      roomId,
      callId,
      state: "answered_out",
      us,
      lifetime,
      expiresAt,
      ...facts,
      transfers: [],
      ...(streams && { streams }),
      ...(announcedStreams && { announcedStreams }),
      ...(pathAlive !== undefined && { pathAlive }),
      ...(ignoredHangup && { ignoredHangup }),
    },
    { type: "never_expire" },
    { type: "milestone", name: "answer_received" },
    {
      type: "signal",
      signal: {
        type: "answered",
        peer,
        capabilities,
        version,
        negotiable: isNegotiable(facts),
        ...descriptionOf(event),
        ...refOf(call),
      },
    },
  );
  return appendEffects(applyEarly(taken, peer, early), ...selection(call, peer));
}

/** Ends the call from the peer; before there is one, from anyone who might have become it (P17, P41). */
function hungUp(call: LiveCall, event: EventOf<"hangup">, sender: Sender): Step {
  const { reason, delayed } = event;
  // A version 0 device rejects with a hangup (P16); a version 1 device that could not open its camera sends one too.
  if (sender === "our_device")
    return end(call, "other_device", reason === "user_hangup" ? "rejected" : reason);
  // Our own, in a call that we did not hang up, is the delayed one (P34): a peer that does not know the mark goes by it.
  const by = sender === "us" ? "system" : "peer";
  if (sender !== "invitee" && delayed && call.pathAlive) {
    const next: LiveCall = { ...call, ignoredHangup: { by, reason } };
    return dropped(next, event, "a delayed hangup while the media path is alive");
  }
  return end(call, by, reason);
}

/** Whoever sends an event after a delayed hangup was not gone when it went out, and has not gone by it (P34). */
function withoutOldHangup(call: LiveCall, event: CallEvent, sender: Sender): LiveCall {
  if (!call.ignoredHangup || event.type === "hangup" || sender !== "peer" || !isAnswered(call)) return call;
  const { ignoredHangup: _, ...rest } = call;
  return rest;
}
