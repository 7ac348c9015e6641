/** What an event from the room means to a call. It has been routed: its room and call id are this call's. */
import type { Candidate, Party } from "../streams/contract.ts";
import { isNegotiable, negotiated } from "./call-negotiate.ts";
import {
  before,
  type Call,
  dropped,
  type Effect,
  end,
  from,
  isBetweenUs,
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

/** Bounds on what is kept of candidates that cannot be handed on yet (P44). */
const EARLY_PARTIES = 8;
const EARLY_CANDIDATES = 128;

export function receiveEvent(was: Call, event: CallEvent): Step {
  const call = withoutOldHangup(was, event);
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

export function signalCandidates(call: Call, candidates: readonly Candidate[]): Effect[] {
  return candidates.length > 0
    ? [{ type: "signal", signal: { type: "candidates", candidates, ...refOf(call) } }]
    : [];
}

/** Who may answer our call: the invitee where one is meant, else anyone but us (P11, P41). */
function mayAnswer(call: Call, sender: Party): boolean {
  return call.invitee === undefined ? sender.userId !== call.us.userId : sender.userId === call.invitee;
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
  const { sender, version, capabilities, description, streams } = event;
  if (call.phase !== "invited") return dropped(call, event, "an answer to a call that awaits none");
  if (!mayAnswer(call, sender)) return dropped(call, event, "an answer by somebody who was not asked");
  const early = call.early.find(({ party }) => sameParty(party, sender))?.candidates ?? [];
  const next: Call = { ...call, phase: "answered", peer: sender, version, capabilities, early: [] };
  return stay(
    next,
    { type: "never_expire" },
    { type: "milestone", name: "answer_received" },
    {
      type: "signal",
      signal: {
        type: "answered",
        peer: sender,
        capabilities,
        negotiable: isNegotiable(next),
        description,
        ...(streams && { streams }),
        ...refOf(call),
      },
    },
    ...signalCandidates(call, early),
    ...selection(call, sender),
  );
}

function answeredByOurOtherDevice(call: Call, event: EventOf<"answer">): Step {
  if (!isOurOtherDevice(call, event.sender))
    return dropped(call, event, "an answer by somebody who was not asked");
  // Where both of us answered, the caller's selection decides.
  return call.phase === "answered" ? stay(call) : end(call, "other_device", "answered_elsewhere");
}

/** Handed on once there is a description that they belong to, kept till then. */
function receiveCandidates(call: Call, event: EventOf<"candidates">): Step {
  const { sender, candidates } = event;
  if (call.phase === "preparing")
    return dropped(call, event, "candidates for a call that nobody was told of");
  const awaited = call.peer ? sameParty(call.peer, sender) : mayAnswer(call, sender);
  if (!awaited) return dropped(call, event, "candidates of somebody who is not the peer");
  if (call.phase === "ringing" || call.phase === "answered")
    return stay(call, ...signalCandidates(call, candidates));
  const known = call.early.find(({ party }) => sameParty(party, sender)) ?? { party: sender, candidates: [] };
  const others = call.early.filter((early) => early !== known);
  if (others.length >= EARLY_PARTIES) return dropped(call, event, "candidates of too many parties");
  const kept = [...known.candidates, ...candidates].slice(0, EARLY_CANDIDATES);
  return stay({ ...call, early: [...others, { party: sender, candidates: kept }] });
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

/** Who a bridge says is talking (P33). Of a call that has not been announced it is kept until then (P9). */
function identified(call: Call, event: EventOf<"identity">): Step {
  if (!sameParty(call.peer, event.sender))
    return dropped(call, event, "an identity by somebody who is not the peer");
  const { identity } = event;
  return call.phase === "invited"
    ? stay({ ...call, identity })
    : stay(call, { type: "signal", signal: { type: "identity", identity, ...refOf(call) } });
}
