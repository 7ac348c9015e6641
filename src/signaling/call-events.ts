/** What an event from the room means to a call. It has been routed: its room and call id are this call's. */
import type { Party } from "../streams/contract.ts";
import { noteEvidence } from "./call-delivery.ts";
import { isNegotiable, negotiated, provenBy } from "./call-negotiate.ts";
import {
  after,
  before,
  type Call,
  descriptionOf,
  dropped,
  type Effect,
  end,
  from,
  isBetweenUs,
  mayAnswer,
  refOf,
  type Step,
  sameParty,
  send,
  stay,
} from "./call-state.ts";
import { streamsChanged } from "./call-streams.ts";
import { transferAsked, transferRefused } from "./call-transfer.ts";
import { encode } from "./encode.ts";
import type { CallEvent, EventOf } from "./event-types.ts";

/** Bounds on what is kept of events that come one phase too early (P44). */
const EARLY_PARTIES = 8;
const EARLY_EVENTS = 32;

/** What counts from the next phase on: when theirs rings, when ours is answered. Requests overtake each other. */
const LATER: Readonly<Record<Call["direction"], readonly CallEvent["type"][]>> = {
  incoming: ["candidates", "streams", "identity"],
  outgoing: ["candidates", "streams", "identity", "negotiate", "transfer"],
};

export function receiveEvent(was: Call, event: CallEvent): Step {
  const { call, effects } = noteEvidence(withoutOldHangup(was, event), event);
  return before(effects, apply(call, event));
}

function apply(call: Call, event: CallEvent): Step {
  if (call.phase === "invited" && LATER[call.direction].includes(event.type)) return keepEarly(call, event);
  switch (event.type) {
    case "invite":
      return dropped(call, event, "an invite for a call that is known");
    case "answer":
      return call.direction === "outgoing" ? answered(call, event) : answeredByOurOtherDevice(call, event);
    case "candidates":
      return receiveCandidates(call, event);
    case "select_answer":
      return selected(call, event);
    case "reject":
      return rejected(call, event);
    case "hangup":
      return hungUp(call, event);
    case "streams":
      return streamsChanged(call, event);
    case "negotiate":
      return negotiated(call, event);
    case "transfer":
      return transferAsked(call, event);
    case "transfer_refused":
      return transferRefused(call, event);
    case "identity":
      return identified(call, event);
  }
}

/** Keeps an event for the next phase, where its sender may yet be the peer in it. */
function keepEarly(call: Call, event: CallEvent): Step {
  const { sender } = event;
  if (!(call.peer ? sameParty(call.peer, sender) : mayAnswer(call, sender)))
    return dropped(call, event, "an event of somebody who is not the peer");
  const { events } = call.early.find(({ party }) => sameParty(party, sender)) ?? { events: [] };
  const others = call.early.filter(({ party }) => !sameParty(party, sender));
  if (others.length >= EARLY_PARTIES || events.length >= EARLY_EVENTS)
    return dropped(call, event, "more than is kept before the call rings or is answered");
  return stay({ ...call, early: [...others, { party: sender, events: [...events, event] }] });
}

/** Applies what the peer sent too early, and forgets the rest: the phase that it was kept for has come. */
export function applyEarly({ call, effects }: Step): Step {
  const kept = call.early.flatMap(({ party, events }) => (sameParty(call.peer, party) ? events : []));
  return kept.reduce<Step>((done, event) => before(done.effects, receiveEvent(done.call, event)), {
    call: { ...call, early: [] },
    effects,
  });
}

/** A user has other devices, told apart by party alone (P5). */
function isOurOtherDevice(call: Call, sender: Party): boolean {
  return sender.userId === call.us.userId && !sameParty(call.us, sender) && !sameParty(call.peer, sender);
}

/** Version 0 knows no parties to select. */
const selection = (call: Call, { partyId }: Party): Effect[] =>
  partyId === undefined ? [] : [send(encode.selectAnswer(from(call), partyId))];

/** The first answer is taken, and the others told so (P15). */
function answered(call: Call, event: EventOf<"answer">): Step {
  const { sender, version, capabilities = call.capabilities } = event;
  if (call.phase !== "invited") return dropped(call, event, "an answer to a call that awaits none");
  if (!mayAnswer(call, sender)) return dropped(call, event, "an answer by somebody who was not asked");
  const next: Call = {
    ...call,
    phase: "answered",
    peer: sender,
    version,
    capabilities,
    ...provenBy(event),
  };
  const taken = stay(
    next,
    { type: "never_expire" },
    { type: "milestone", name: "answer_received" },
    {
      type: "signal",
      signal: {
        type: "answered",
        peer: sender,
        capabilities,
        version,
        negotiable: isNegotiable(next),
        ...descriptionOf(event),
        ...refOf(call),
      },
    },
  );
  return after(applyEarly(taken), ...selection(call, sender));
}

function answeredByOurOtherDevice(call: Call, event: EventOf<"answer">): Step {
  if (!isOurOtherDevice(call, event.sender))
    return dropped(call, event, "an answer by somebody who was not asked");
  // Where both of us answered, the caller's selection decides.
  return call.phase === "answered" ? stay(call) : end(call, "other_device", "answered_elsewhere");
}

function receiveCandidates(call: Call, event: EventOf<"candidates">): Step {
  if (call.phase === "preparing" || !sameParty(call.peer, event.sender))
    return dropped(call, event, "candidates of somebody who is not the peer");
  const { candidates } = event;
  return candidates.length > 0
    ? stay(call, { type: "signal", signal: { type: "candidates", candidates, ...refOf(call) } })
    : stay(call);
}

/** If it is not us who was selected, somebody else was (P15). */
function selected(call: Call, event: EventOf<"select_answer">): Step {
  if (call.direction === "outgoing" || !sameParty(call.peer, event.sender)) {
    return dropped(call, event, "a selection by somebody who is not the caller");
  }
  return event.selectedPartyId === call.us.partyId
    ? stay(call)
    : end(call, "other_device", "answered_elsewhere");
}

/** After an answer a reject is disregarded (P16). */
function rejected(call: Call, event: EventOf<"reject">): Step {
  const { sender } = event;
  if (call.phase === "answered") return dropped(call, event, "a reject after the answer");
  if (call.direction === "incoming") {
    return isOurOtherDevice(call, sender)
      ? end(call, "other_device", "rejected")
      : dropped(call, event, "a reject by somebody who was not asked");
  }
  return call.phase === "invited" && mayAnswer(call, sender)
    ? before(selection(call, sender), end(call, "peer", "rejected"))
    : dropped(call, event, "a reject by somebody who was not asked");
}

/** Ends the call from the peer; before there is one, from anyone who might have become it (P17, P41). */
function hungUp(call: Call, event: EventOf<"hangup">): Step {
  const { sender, reason, delayed } = event;
  // Our own, in a call that we did not hang up, is the delayed one (P34): a peer that does not know the mark goes by it.
  const by = sameParty(call.peer, sender) ? "peer" : sameParty(call.us, sender) ? "system" : undefined;
  if (by && delayed && call.pathAlive) {
    const next = { ...call, ignoredHangup: { by, reason } } as const;
    return dropped(next, event, "a delayed hangup while the media path is alive");
  }
  if (by) return end(call, by, reason);
  const unanswered = call.phase === "invited" || call.phase === "ringing";
  if (unanswered && call.direction === "outgoing" && mayAnswer(call, sender))
    return end(call, "peer", reason);
  // A version 0 device rejects with a hangup (P16); a version 1 device that could not open its camera sends one too.
  if (unanswered && call.direction === "incoming" && isOurOtherDevice(call, sender)) {
    return end(call, "other_device", reason === "user_hangup" ? "rejected" : reason);
  }
  return dropped(call, event, "a hangup by somebody who is not the peer");
}

/** Whoever sends an event after a delayed hangup was not gone when it went out, and has not gone by it (P34). */
function withoutOldHangup(call: Call, event: CallEvent): Call {
  if (!call.ignoredHangup || event.type === "hangup" || !isBetweenUs(call, event)) return call;
  const { ignoredHangup: _, ...rest } = call;
  return rest;
}

/** Who a bridge says is talking (P33). */
function identified(call: Call, event: EventOf<"identity">): Step {
  return sameParty(call.peer, event.sender)
    ? stay(call, { type: "signal", signal: { type: "identity", identity: event.identity, ...refOf(call) } })
    : dropped(call, event, "an identity by somebody who is not the peer");
}
