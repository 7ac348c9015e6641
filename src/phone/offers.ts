import type { Description } from "../streams/contract.ts";
import { sectionsOf } from "../streams/sdp.ts";
import type { Offers } from "./call.ts";

/** What an offer asks for: the kinds of its media sections that are not rejected. */
export function offersOf({ sdp }: Description): Offers {
  const sections = sectionsOf(sdp);
  const has = (kind: string) => sections.some((section) => section.kind === kind && !section.rejected);
  return { audio: has("audio"), video: has("video") };
}
