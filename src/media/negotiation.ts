import type { Description } from "../streams/contract.ts";

/** Where a connection stands when the peer's description comes. */
export interface Standing {
  readonly type: Description["type"];
  readonly signalingState: RTCSignalingState;
  /** Whether we answered the call: then of two offers that cross, ours gives way. */
  readonly polite: boolean;
}

/**
 * What to do with the peer's description (P20). `take`: set it, rolling back an offer of ours. `ignore`: the peer,
 * being polite, will roll it back itself and answer ours. `refuse`: nobody waits for it.
 */
export function judge({ type, signalingState, polite }: Standing): "take" | "ignore" | "refuse" {
  const pending = signalingState === "have-local-offer";
  if (type === "answer") return pending ? "take" : "refuse";
  if (signalingState === "stable") return "take";
  if (!pending) return "refuse";
  return polite ? "take" : "ignore";
}
