/** A call that another engine has had before: what has to be set going again, and what need not be done again. */
import type { Command } from "../streams/contract.ts";
import { armHangup, type Call, type Effect, needsHangup } from "./call-state.ts";
import { APPLIES, isIn } from "./call-table.ts";
import { isFinal } from "./outbox-order.ts";
import type { PendingEvent, RememberedState } from "./remembered.ts";

/** What a call of this state has running, but for its pending events. */
export function resume({ call, candidates, goodbye }: RememberedState): readonly Effect[] {
  // There is one to be called off.
  if (call.state === "ended") return goodbye ? [armHangup(call)] : [];
  return [
    // One whose caller has called again had less than a second left.
    ...(isIn(APPLIES, "expired", call.state)
      ? ([{ type: "expire_at", at: "calledAgain" in call ? 0 : call.expiresAt }] as const)
      : []),
    ...(needsHangup(call) ? [armHangup(call)] : []),
    ...("streams" in call ? ([{ type: "settle_streams" }] as const) : []),
    ...candidates.map((candidate) => ({ type: "batch", candidate }) as const),
  ];
}

/** What is to be sent of what may not have reached the homeserver. */
export const unsent = ({ call, pending }: RememberedState): readonly PendingEvent[] =>
  call.state === "ended" ? pending.filter(isFinal) : pending;

/** Whether what a command asks for once more has been done, or been made pointless by the end of the call. */
export function alreadyApplied(call: Call | undefined, command: Command): boolean {
  if (!("again" in command) || !command.again) return false;
  switch (command.type) {
    case "place":
      return call !== undefined;
    case "invite":
      return call?.state === "inviting" || call?.state === "answered_out";
    case "answer":
      return call?.state === "answered_in";
    default:
      return call === undefined;
  }
}
