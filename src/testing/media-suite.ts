import { candidatesCases } from "./media-suite-candidates.ts";
import { changeCases } from "./media-suite-change.ts";
import { deviceCases } from "./media-suite-devices.ts";
import { glareCases } from "./media-suite-glare.ts";
import { holdCases } from "./media-suite-hold.ts";
import { peersCases } from "./media-suite-peers.ts";
import { preparedCases } from "./media-suite-prepared.ts";
import { sessionCases } from "./media-suite-session.ts";
import { sharingCases } from "./media-suite-sharing.ts";
import { streamsCases } from "./media-suite-streams.ts";
import type { MediaCase } from "./media-suite-tools.ts";

export type { MediaCase, MediaWorld } from "./media-suite-tools.ts";

/** What every `MediaHalf` must do, whatever is beneath it. Needs no test framework: run each case in one of yours. */
export const mediaSuite: readonly MediaCase[] = [
  ...sessionCases,
  ...streamsCases,
  ...candidatesCases,
  ...preparedCases,
  ...changeCases,
  ...deviceCases,
  ...holdCases,
  ...sharingCases,
  ...peersCases,
  ...glareCases,
];
