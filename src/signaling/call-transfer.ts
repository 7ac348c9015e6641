/** Handing a call on to somebody else (P32). Whether to go along with it is for the app to say. */
import {
  type Call,
  type CommandOf,
  dropped,
  from,
  isBetweenUs,
  refOf,
  refused,
  type Step,
  send,
  stay,
} from "./call-state.ts";
import { encode } from "./encode.ts";
import type { EventOf } from "./event-types.ts";

/** Asks the peer to call somebody else, or to wait for their call. */
export function transfer(call: Call, command: CommandOf<"transfer">): Step {
  if (call.phase !== "answered") return refused(call, command);
  if (!call.capabilities.transferee)
    return refused(call, command, "the peer did not say that it can be transferred");
  const transfers = [...call.transfers, command.transfer.replacementId];
  return stay({ ...call, transfers }, send(encode.replaces(from(call), command.transfer)));
}

export function refuseTransfer(call: Call, command: CommandOf<"refuse_transfer">): Step {
  if (call.phase !== "answered") return refused(call, command);
  return stay(call, send(encode.rejectReplacement(from(call), command.replacementId, command.reason)));
}

export function transferAsked(call: Call, event: EventOf<"transfer">): Step {
  return isBetweenUs(call, event)
    ? stay(call, { type: "signal", signal: { type: "transfer", transfer: event.transfer, ...refOf(call) } })
    : dropped(call, event, "a transfer by somebody who is not the peer");
}

export function transferRefused(call: Call, event: EventOf<"transfer_refused">): Step {
  const { replacementId, reason } = event;
  if (!isBetweenUs(call, event)) return dropped(call, event, "a refusal by somebody who is not the peer");
  if (!call.transfers.includes(replacementId))
    return dropped(call, event, "a refusal of a transfer that was not asked for");
  return stay(
    { ...call, transfers: call.transfers.filter((id) => id !== replacementId) },
    { type: "signal", signal: { type: "transfer_refused", replacementId, reason, ...refOf(call) } },
  );
}
