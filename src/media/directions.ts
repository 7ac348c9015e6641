import type { Description, Purpose } from "../streams/contract.ts";
import { type Direction, sectionsOf } from "../streams/sdp.ts";

const MEDIA: readonly string[] = ["audio", "video"];

/** What a transceiver is there for: a purpose of ours, or, without one, what the peer alone sends. */
export interface Use {
  readonly purpose?: Purpose;
  /** Whether we have, or will have, something to send by it. */
  readonly sends: boolean;
  readonly held: boolean;
}

/**
 * The direction of a transceiver, from what it is there for and nothing else: so resuming restores each exactly. Hold
 * is `sendonly`, or `inactive` where nothing was sent (P19): the peer sees by it who holds whom.
 */
export function directionFor({ purpose, sends, held }: Use): Direction {
  if (purpose === "m.screenshare" || held) return sends ? "sendonly" : "inactive";
  return sends ? "sendrecv" : "recvonly";
}

/**
 * Whether the peer keeps us on hold, by its description: it wants none of its audio and video sections from us. An
 * answer tells only of what our offer would have sent. `undefined` where the description does not tell.
 */
export function holdsUs({ type, sdp }: Description, ourOffer: string | undefined): boolean | undefined {
  const offered = type === "answer" && ourOffer !== undefined ? sectionsOf(ourOffer) : undefined;
  const telling = sectionsOf(sdp).filter(
    ({ kind, rejected }, index) =>
      MEDIA.includes(kind) && !rejected && (!offered || sends(offered[index]?.direction)),
  );
  if (telling.length === 0) return undefined;
  return telling.every(({ direction }) => direction === "sendonly" || direction === "inactive");
}

function sends(direction: Direction | undefined): boolean {
  return direction === "sendrecv" || direction === "sendonly";
}
