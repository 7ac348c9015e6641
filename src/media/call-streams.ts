import type { CallStream, Purpose, StreamInfo } from "../streams/contract.ts";

/** What a stream is called by in its SDP, and all that matching needs of it. */
interface Identified {
  readonly id: string;
}

const PURPOSES: ReadonlySet<Purpose> = new Set<Purpose>(["m.usermedia", "m.screenshare"]);

/**
 * The peer's streams that belong to the call (P26): with metadata those that it lists with a purpose we know, in its
 * order, each once; without metadata the first that arrived. What the peer says of muting is only passed on (P27).
 */
export function matchStreams<TStream extends Identified>(
  arrived: readonly TStream[],
  described: readonly StreamInfo[] | undefined,
): readonly CallStream<TStream>[] {
  if (!described) {
    return arrived.slice(0, 1).map((stream) => ({ ...info(stream.id, "m.usermedia", false, false), stream }));
  }
  const matched = new Map<string, CallStream<TStream>>();
  for (const { id, purpose, audioMuted, videoMuted } of described) {
    const stream = arrived.find((candidate) => candidate.id === id);
    if (!stream || !PURPOSES.has(purpose) || matched.has(id)) continue;
    matched.set(id, { ...info(id, purpose, audioMuted, videoMuted), stream });
  }
  return [...matched.values()];
}

/** A stream of ours. A kind that is not there counts as muted, as other clients have it. */
export function localStream(stream: MediaStream, purpose: Purpose): CallStream<MediaStream> {
  const silent = (tracks: readonly MediaStreamTrack[]) => tracks.every((track) => !track.enabled);
  return {
    ...info(stream.id, purpose, silent(stream.getAudioTracks()), silent(stream.getVideoTracks())),
    stream,
  };
}

/** Whether nothing changed for whoever shows these streams. */
export function sameStreams<TStream>(
  before: readonly CallStream<TStream>[],
  after: readonly CallStream<TStream>[],
): boolean {
  return (
    before.length === after.length &&
    before.every((stream, index) => {
      const other = after[index];
      return (
        stream.stream === other?.stream &&
        stream.purpose === other.purpose &&
        stream.audioMuted === other.audioMuted &&
        stream.videoMuted === other.videoMuted
      );
    })
  );
}

/** What is said of a stream, without the stream: what goes to the peer. */
export function infoOf(stream: StreamInfo): StreamInfo {
  return info(stream.id, stream.purpose, stream.audioMuted, stream.videoMuted);
}

function info(id: string, purpose: Purpose, audioMuted: boolean, videoMuted: boolean): StreamInfo {
  return { id, purpose, audioMuted, videoMuted };
}
