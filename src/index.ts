export type { Call, CallEnd, CallState, Muted, Offers, TransferRequest, TransferTo } from "./phone/call.ts";
export type { PlaceOptions } from "./phone/options.ts";
export {
  type CallTrace,
  createPhone,
  type IgnoredCall,
  type Phone,
  type PhoneOptions,
} from "./phone/phone.ts";
export type {
  AssertedIdentity,
  AudioConstraints,
  CallRef,
  CallStats,
  CallStream,
  Capabilities,
  Capture,
  ChangeOptions,
  Channel,
  Flow,
  Held,
  MediaHalf,
  Milestone,
  MilestoneName,
  Party,
  ScreenOptions,
  SignalingHalf,
  SignalingStatus,
  TraceEntry,
  VideoConstraints,
} from "./streams/contract.ts";
export { type ErrorCode, TrunklineError } from "./streams/errors.ts";
