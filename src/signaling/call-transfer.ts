/** Handing a call on to somebody else (P32). Whether to go along with it is for the app to decide. */
import {
  type AnsweredCall,
  type CommandOf,
  dropped,
  from,
  refOf,
  refused,
  type Step,
  send,
  stay,
} from "./call-state.ts";
import { encode } from "./encode.ts";
import type { EventOf } from "./event-types.ts";

/** Asks the peer to call somebody else, or to wait for their call. */
export function transfer(call: AnsweredCall, command: CommandOf<"transfer">): Step {
  if (!call.capabilities.transferee)
    return refused(call, command, "the peer did not say that it can be transferred");
  const transfers = [...call.transfers, command.transfer.replacementId];
  return stay({ ...call, transfers }, send(encode.replaces(from(call), command.transfer)));
}

export const refuseTransfer = (
  call: AnsweredCall,
  { replacementId, reason }: CommandOf<"refuse_transfer">,
): Step => stay(call, send(encode.rejectReplacement(from(call), replacementId, reason)));

export const transferAsked = (call: AnsweredCall, { transfer }: EventOf<"transfer">): Step =>
  stay(call, { type: "signal", signal: { type: "transfer", transfer, ...refOf(call) } });

export function transferRefused(call: AnsweredCall, event: EventOf<"transfer_refused">): Step {
  const { replacementId, reason } = event;
  if (!call.transfers.includes(replacementId))
    return dropped(call, event, "a refusal of a transfer that was not asked for");
  return stay(
    { ...call, transfers: call.transfers.filter((id) => id !== replacementId) },
    { type: "signal", signal: { type: "transfer_refused", replacementId, reason, ...refOf(call) } },
  );
}
