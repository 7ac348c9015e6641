/**
 * Whether the events that a call cannot do without were stored. The homeserver's response is one sign of it; what comes
 * back from the room is another, and the only one where the response is lost.
 */
import {
  armed,
  before,
  type Call,
  end,
  from,
  type InputOf,
  isBetweenUs,
  mayAnswer,
  refOf,
  type Sent,
  type Step,
  send,
  stay,
} from "./call-state.ts";
import { encode } from "./encode.ts";
import type { CallEvent } from "./event-types.ts";

/** Takes note of what an event proves: nobody reacts to an event of ours that was not stored. */
export function noteEvidence(call: Call, event: CallEvent): Step {
  const negotiation = event.type === "negotiate" ? event.negotiation : undefined;
  return proofsOf(call, event).reduce<Step>(
    (done, what) => before(done.effects, delivered(done.call, what, negotiation)),
    stay(call),
  );
}

function proofsOf(call: Call, event: CallEvent): Sent[] {
  const { type, sender } = event;
  if (call.direction === "outgoing" && call.phase === "invited") {
    return type !== "invite" && mayAnswer(call, sender) ? ["invite"] : [];
  }
  if (!isBetweenUs(call, event)) return [];
  const proofs: Sent[] = [];
  if (type === "negotiate" && event.description.type === "answer") proofs.push("negotiate");
  const selectsUs = type === "select_answer" && event.selectedPartyId === call.us.partyId;
  if (call.direction === "incoming" && (selectsUs || type === "negotiate")) proofs.push("answer");
  return proofs;
}

/** The room has an event of ours, by whatever evidence: sending it is over. */
export function delivered(call: Call, what: Sent, negotiation?: string): Step {
  if (what === "negotiate")
    return stay(call, { type: "delivered", what, ...(negotiation && { negotiation }) });
  if (what !== "answer") return stay(call, { type: "delivered", what });
  return call.answerDelivered
    ? stay(call)
    : stay({ ...call, answerDelivered: true }, { type: "delivered", what });
}

/** From here on somebody waits for us (P34). An invite that has been answered already is not reported any more. */
export function acknowledged(call: Call, what: Sent): Step {
  if (what === "answer") return stay(call, { type: "milestone", name: "answer_acknowledged" }, armed(call));
  if (what !== "invite") return stay(call);
  return stay(
    call,
    { type: "milestone", name: "invite_acknowledged" },
    ...(call.phase === "invited"
      ? ([{ type: "signal", signal: { type: "invited", ...refOf(call) } }] as const)
      : []),
    armed(call),
  );
}

/**
 * Without its invite or its answer a call is nothing, unless the room has it; without anything else it goes on. The
 * hangup is for a peer who has it all the same, when only the response was lost.
 */
export function failed(call: Call, { what, error }: InputOf<"failed">): Step {
  const needed = what === "invite" ? call.phase === "invited" : what === "answer" && !call.answerDelivered;
  if (!needed) return stay(call);
  return before(
    [send(encode.hangup(from(call), "unknown_error"))],
    end(call, "system", "signalling_failed", error),
  );
}
