import type { MediaHalf } from "../streams/contract.ts";
import type { BrowserMediaOptions } from "./platform.ts";
import { BrowserSession } from "./session.ts";

export type { BrowserMediaOptions };

/**
 * The media half on WebRTC: the browser's own, or any that looks like it (on Node, `@roamhq/wrtc`), handed in.
 * Touches nothing until a session is asked for its offer or answer (P45).
 */
export function browserMedia(options: BrowserMediaOptions = {}): MediaHalf<MediaStream> {
  return { open: ({ iceServers }) => new BrowserSession(options, iceServers) };
}
