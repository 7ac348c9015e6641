/** What each side says of its streams, between descriptions (P25): muted or not, mostly. */
import type { SessionDescription, StreamInfo } from "../streams/contract.ts";
import { type Announced, type CallIn, type CommandOf, from, type Step, send, stay } from "./call-state.ts";
import type { FITS } from "./call-table.ts";
import { encode } from "./encode.ts";

type AnnouncingCall = CallIn<(typeof FITS)["streams"][number]>;

/** A description informs the peer of our streams by itself. */
export const announced = ({ streams }: SessionDescription): Announced =>
  streams ? { streams, announcedStreams: streams } : {};

/** Takes note of our streams. They are announced when they have settled: a homeserver lets few events through (P30). */
export const changeStreams = (call: AnnouncingCall, { streams }: CommandOf<"streams">): Step =>
  stay({ ...call, streams }, { type: "settle_streams" });

/** Informs the peer, unless it knows. */
export function sendStreams(call: AnnouncingCall): Step {
  const { streams, announcedStreams } = call;
  if (!streams || same(streams, announcedStreams)) return stay(call);
  return stay(
    { ...call, announcedStreams: streams },
    ...encode.streamsChanged(from(call), streams).map(send),
  );
}

/** Whether two lists say the same, in whatever order. */
function same(a: readonly StreamInfo[], b: readonly StreamInfo[] | undefined): boolean {
  const text = (streams: readonly StreamInfo[]) =>
    JSON.stringify(
      streams
        .map(({ id, purpose, audioMuted, videoMuted }) =>
          JSON.stringify([id, purpose, audioMuted, videoMuted]),
        )
        .sort(),
    );
  return b !== undefined && text(a) === text(b);
}
