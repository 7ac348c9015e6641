import type { MarkName } from "../src/bench/timeline.ts";

/** What both sides reach when all media flows. */
export const flowing = (video: boolean): readonly MarkName[] => [
  "connected",
  "first audio",
  ...(video ? (["first frame"] as const) : []),
];
