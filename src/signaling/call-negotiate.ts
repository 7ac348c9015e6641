/** Descriptions while a call goes on (P19): hold, another camera, a new path. Of what they say the engine knows nothing. */
import type { Capabilities } from "../streams/contract.ts";
import {
  type AnsweredCall,
  type CommandOf,
  descriptionOf,
  dropped,
  from,
  type PeerFacts,
  refOf,
  refused,
  type Step,
  stay,
} from "./call-state.ts";
import { announced } from "./call-streams.ts";
import { encode } from "./encode.ts";
import type { EventOf } from "./event-types.ts";

/** How long a negotiation of ours is good for, in ms: after that the peer may pass over it. */
export const NEGOTIATION_LIFETIME = 60_000;

/** What a party can do that does not announce it. */
export const NO_CAPABILITIES: Capabilities = { transferee: false, dtmf: false };

/** Whether the peer takes part: it speaks version 1, as we do, and has shown that it negotiates. */
export const isNegotiable = ({ version, unproven }: PeerFacts): boolean => version === 1 && !unproven;

/** What a peer's first description shows: whoever knows streams or capabilities was made after negotiations were. */
export const provenBy = ({
  streams,
  capabilities,
}: EventOf<"invite" | "answer">): Pick<PeerFacts, "unproven"> =>
  streams || capabilities ? {} : { unproven: true };

export function negotiate(call: AnsweredCall, command: CommandOf<"negotiate">): Step {
  if (call.version === 0) {
    return refused(call, command, "the peer speaks version 0, where a call stays as it was answered");
  }
  const event = encode.negotiate(from(call), command, NEGOTIATION_LIFETIME);
  return stay({ ...call, ...announced(command) }, { type: "send", what: "negotiate", event });
}

export function negotiated(call: AnsweredCall, event: EventOf<"negotiate">): Step {
  if (call.version === 0 || event.version === 0)
    return dropped(call, event, "a negotiation in a call of version 0");
  if ((event.age ?? 0) > event.lifetime) return dropped(call, event, "a negotiation that has expired");
  const { unproven: _, ...proven } = call;
  return stay(proven, {
    type: "signal",
    signal: { type: "negotiate", ...refOf(call), ...descriptionOf(event) },
  });
}
