import type { Description } from "../streams/contract.ts";
import type { Offers } from "./call.ts";

/** What an offer asks for: the kinds of its media sections that are not rejected. */
export function offersOf({ sdp }: Description): Offers {
  const sections = sdp.split(/\r?\nm=/).slice(1);
  const has = (kind: string) =>
    sections.some((section) => {
      const [media, port] = section.split(" ");
      // A section that shares another's transport has no port of its own.
      return media === kind && (port !== "0" || section.includes("a=bundle-only"));
    });
  return { audio: has("audio"), video: has("video") };
}
