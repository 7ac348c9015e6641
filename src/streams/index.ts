/** For those who write a transport, a signalling half or a media half of their own. */
export { BACKOFF_POLICY, type BackoffPolicy, backoff, isTransient } from "./backoff.ts";
export { realClock } from "./clock.ts";
export type * from "./contract.ts";
export { batchCandidates, type DebouncePolicy, debounceBuffer } from "./debounce.ts";
export {
  type ErrorCode,
  type ErrorData,
  fromErrorData,
  TrunklineError,
  toErrorData,
  toTrunklineError,
} from "./errors.ts";
export { opaqueId, type Random, secureRandom } from "./ids.ts";
export { NO_MEMORY, remember } from "./memory.ts";
export { POLICIES, type PolicyOption, readPolicy, type SignalingPolicy } from "./policy.ts";
export type { PortLike } from "./port.ts";
export { toMermaid } from "./trace.ts";
