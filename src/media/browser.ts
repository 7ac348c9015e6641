import type { MediaHalf } from "../streams/contract.ts";
import { type BrowserMediaOptions, createConnection } from "./platform.ts";
import { BrowserSession } from "./session.ts";
import { keepSpare, type Spare } from "./spare.ts";
import { staleness$ } from "./staleness.ts";

export type { BrowserMediaOptions };

/**
 * The media half on WebRTC: the browser's own, or any that looks like it (on Node, `@roamhq/wrtc`), handed in.
 * Touches nothing until a session is asked for its offer or answer, or to prepare one (P45).
 */
export function browserMedia(options: BrowserMediaOptions = {}): MediaHalf<MediaStream> {
  let spare: Spare | undefined;
  return {
    open: ({ iceServers$ }) => new BrowserSession(options, iceServers$, spare),
    warm(iceServers$) {
      spare?.close();
      spare = keepSpare(iceServers$, staleness$, (iceServers) => createConnection(options, iceServers, 1));
      return spare;
    },
  };
}
