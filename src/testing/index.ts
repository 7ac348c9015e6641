export { type VirtualClock, virtualClock } from "./clock.ts";
export {
  type FakeMedia,
  type FakeMediaOptions,
  type FakeStream,
  type FakeTrack,
  fakeMedia,
} from "./fake-media.ts";
export { type MediaCase, type MediaWorld, mediaSuite } from "./media-suite.ts";
export { type SignalingCase, type SignalingWorld, signalingSuite } from "./signaling-suite.ts";
export {
  type Capability,
  type Fault,
  type RequestKind,
  showable,
  type TestUser,
  type TransportTest,
  type TransportWorld,
  transportSuite,
  unshowable,
} from "./transport-suite.ts";
