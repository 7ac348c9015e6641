/**
 * Whether the events that a call cannot do without were stored. The homeserver's response is one sign of it; what comes
 * back from the room is another, and the only one where the response is lost.
 */
import {
  armHangup,
  type CallIn,
  end,
  from,
  type InputOf,
  isAnswered,
  type LiveCall,
  prependEffects,
  refOf,
  type Sent,
  type Step,
  send,
  stay,
} from "./call-state.ts";
import type { APPLIES, Sender } from "./call-table.ts";
import { encode } from "./encode.ts";
import type { CallEvent } from "./event-types.ts";

/** Takes note of what an event proves, whether or not it counts: nobody reacts to an event of ours that was not stored. */
export function noteEvidence(call: LiveCall, event: CallEvent, sender: Sender): Step {
  const negotiation = event.type === "negotiate" ? event.negotiation : undefined;
  return proofsOf(call, event, sender).reduce<Step>(
    (done, what) => prependEffects(done.effects, delivered(done.call as LiveCall, what, negotiation)),
    stay(call),
  );
}

function proofsOf(call: LiveCall, event: CallEvent, sender: Sender): Sent[] {
  const { type } = event;
  if (call.state === "inviting") return sender === "invitee" && type !== "invite" ? ["invite"] : [];
  if (!isAnswered(call) || sender !== "peer") return [];
  const proofs: Sent[] = [];
  if (type === "negotiate" && event.description.type === "answer") proofs.push("negotiate");
  const selectsUs = type === "select_answer" && event.selectedPartyId === call.us.partyId;
  if (call.state === "answered_in" && (selectsUs || type === "negotiate")) proofs.push("answer");
  return proofs;
}

/** The room has an event of ours, by whatever evidence: sending it is over. */
function delivered(call: LiveCall, what: Sent, negotiation?: string): Step {
  const effect = { type: "delivered", what } as const;
  if (what === "negotiate") return stay(call, negotiation ? { ...effect, negotiation } : effect);
  if (what !== "answer" || !(call.state === "ringing" || call.state === "answered_in"))
    return stay(call, effect);
  return call.answerDelivered ? stay(call) : stay({ ...call, answerDelivered: true }, effect);
}

type Applies = typeof APPLIES;

/** What became of our invite and our answer. */
export const DELIVERY = {
  echoed_invite: (call: LiveCall) => delivered(call, "invite"),
  echoed_answer: (call: LiveCall) => delivered(call, "answer"),
  sent_invite: invited,
  // From here on somebody waits for us (P34).
  sent_answer: (call: CallIn<"answered_in">) =>
    stay(call, { type: "milestone", name: "answer_acknowledged" }, armHangup(call)),
  failed_invite: undelivered,
  failed_answer: (call: CallIn<"answered_in">, input: InputOf<"failed">) =>
    call.answerDelivered ? stay(call) : undelivered(call, input),
};

/** An invite that has been answered already is not reported any more. */
function invited(call: CallIn<Applies["sent_invite"][number]>): Step {
  return stay(
    call,
    { type: "milestone", name: "invite_acknowledged" },
    ...(call.state === "inviting"
      ? ([{ type: "signal", signal: { type: "invited", ...refOf(call) } }] as const)
      : []),
    armHangup(call),
  );
}

/**
 * Without its invite or its answer a call is nothing, unless the room has it; without anything else it goes on. The
 * hangup is for a peer who has it all the same, when only the response was lost.
 */
function undelivered(call: LiveCall, { error }: InputOf<"failed">): Step {
  return prependEffects(
    [send(encode.hangup(from(call), "unknown_error"))],
    end(call, "system", "signalling_failed", error),
  );
}
