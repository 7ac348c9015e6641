import type { SessionDescription } from "../streams/contract.ts";
import { sectionsOf } from "../streams/sdp.ts";
import type { Offers } from "./call.ts";

/**
 * What an offer asks for: the kinds of its media sections that are not rejected; no video where all that is said of it
 * is that there is none to be seen.
 */
export function offersOf({ description, streams }: SessionDescription): Offers {
  const sections = sectionsOf(description.sdp);
  const has = (kind: string) => sections.some((section) => section.kind === kind && !section.rejected);
  const unseen = streams?.length && streams.every(({ videoMuted }) => videoMuted);
  return { audio: has("audio"), video: has("video") && !unseen };
}
