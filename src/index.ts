export type { Call, CallEnd, CallState, Muted } from "./phone/call.ts";
export type { PlaceOptions } from "./phone/options.ts";
export {
  type CallTrace,
  createPhone,
  type IgnoredCall,
  type Phone,
  type PhoneOptions,
} from "./phone/phone.ts";
export type {
  AudioConstraints,
  CallRef,
  CallStream,
  Capture,
  MediaHalf,
  Milestone,
  MilestoneName,
  Party,
  SignalingHalf,
  SignalingStatus,
  TraceEntry,
  VideoConstraints,
} from "./streams/contract.ts";
export { type ErrorCode, TrunklineError } from "./streams/errors.ts";
export { toMermaid } from "./streams/trace.ts";
