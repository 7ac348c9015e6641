/** What a media section may do; a transceiver that is stopped has none. */
export type Direction = "sendrecv" | "sendonly" | "recvonly" | "inactive";

const DIRECTIONS: readonly Direction[] = ["sendrecv", "sendonly", "recvonly", "inactive"];

/** A media section of a description. */
export interface Section {
  /** Such as `audio`. */
  readonly kind: string;
  readonly direction: Direction;
  readonly rejected: boolean;
}

/** How many sections have a transport of their own, for a BUNDLE group does not hold them. */
export function unbundledIn(sdp: string): number {
  const [, ...bundled] =
    linesOf(sdp)
      .find((line) => line.startsWith("a=group:BUNDLE"))
      ?.split(" ") ?? [];
  return sectionsOf(sdp).filter(({ rejected }) => !rejected).length - bundled.length;
}

export function sectionsOf(sdp: string): readonly Section[] {
  const lines = linesOf(sdp);
  const starts = lines.flatMap((line, index) => (line.startsWith("m=") ? [index] : []));
  // What stands before the first section holds for each that does not say otherwise.
  const general = directionIn(lines.slice(0, starts[0])) ?? "sendrecv";
  return starts.map((start, nth) => {
    const section = lines.slice(start, starts[nth + 1]);
    const [kind = "", port] = (section[0] ?? "").slice("m=".length).split(" ");
    return {
      direction: directionIn(section) ?? general,
      kind,
      // A section that shares another's transport has no port of its own.
      rejected: port === "0" && !section.includes("a=bundle-only"),
    };
  });
}

function linesOf(sdp: string): readonly string[] {
  return sdp.split("\n").map((line) => line.trimEnd());
}

function directionIn(lines: readonly string[]): Direction | undefined {
  return DIRECTIONS.find((direction) => lines.includes(`a=${direction}`));
}
