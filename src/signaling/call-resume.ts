/** A call that another engine has had before: what has to be set going again, and what need not be done again. */
import type { Command } from "../streams/contract.ts";
import { armed, type Call, type Effect } from "./call-state.ts";
import { isFinal } from "./outbox-order.ts";
import type { PendingEvent, RememberedState } from "./remembered.ts";

/** What a call of this state has running, but for its pending events. */
export function resume({ call, candidates, goodbye }: RememberedState): readonly Effect[] {
  // There is one to be called off.
  if (call.phase === "ended") return goodbye ? [armed(call)] : [];
  const awaited = call.direction === "outgoing" && call.phase === "invited";
  return [
    // One whose caller has called again had less than a second left.
    ...(awaited || call.phase === "ringing" || call.phase === "preparing"
      ? ([{ type: "expire_at", at: call.calledAgain ? 0 : call.expiresAt }] as const)
      : []),
    ...(awaited || call.phase === "answered" ? [armed(call)] : []),
    ...(call.streams ? ([{ type: "settle_streams" }] as const) : []),
    ...candidates.map((candidate) => ({ type: "batch", candidate }) as const),
  ];
}

/** What is to be sent of what may not have reached the homeserver. */
export const unsent = ({ call, pending }: RememberedState): readonly PendingEvent[] =>
  call.phase === "ended" ? pending.filter(isFinal) : pending;

/** Whether what a command asks for once more has been done, or been made pointless by the end of the call. */
export function isDone(call: Call | undefined, command: Command): boolean {
  if (!("again" in command) || !command.again) return false;
  switch (command.type) {
    case "place":
      return call !== undefined;
    case "invite":
      return call?.direction === "outgoing" && call.phase !== "preparing";
    case "answer":
      return call?.direction === "incoming" && call.phase === "answered";
    default:
      return call === undefined;
  }
}
