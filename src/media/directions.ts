import type { Description, Purpose } from "../streams/contract.ts";

/** What a media section may do; a transceiver that is stopped has none. */
export type Direction = "sendrecv" | "sendonly" | "recvonly" | "inactive";

const DIRECTIONS: readonly Direction[] = ["sendrecv", "sendonly", "recvonly", "inactive"];

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
    ({ media, rejected }, index) => media && !rejected && (!offered || sends(offered[index]?.direction)),
  );
  if (telling.length === 0) return undefined;
  return telling.every(({ direction }) => direction === "sendonly" || direction === "inactive");
}

function sends(direction: Direction | undefined): boolean {
  return direction === "sendrecv" || direction === "sendonly";
}

interface Section {
  readonly direction: Direction;
  /** Whether it is audio or video. */
  readonly media: boolean;
  readonly rejected: boolean;
}

function sectionsOf(sdp: string): readonly Section[] {
  const lines = sdp.split("\n").map((line) => line.trimEnd());
  const starts = lines.flatMap((line, index) => (line.startsWith("m=") ? [index] : []));
  // What stands before the first section holds for each that does not say otherwise.
  const general = directionIn(lines.slice(0, starts[0])) ?? "sendrecv";
  return starts.map((start, nth) => {
    const section = lines.slice(start, starts[nth + 1]);
    const [kind, port] = (section[0] ?? "").slice("m=".length).split(" ");
    return {
      direction: directionIn(section) ?? general,
      media: kind === "audio" || kind === "video",
      // A section that shares another's transport has no port of its own.
      rejected: port === "0" && !section.includes("a=bundle-only"),
    };
  });
}

function directionIn(lines: readonly string[]): Direction | undefined {
  return DIRECTIONS.find((direction) => lines.includes(`a=${direction}`));
}
