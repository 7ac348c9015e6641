import type { CallStream, Purpose, StreamInfo } from "../streams/contract.ts";
import { Latest } from "../streams/latest.ts";

/** What is known of a stream: without metadata nothing of its muting. */
type Listed = Pick<StreamInfo, "id" | "purpose"> & Partial<StreamInfo>;
type Streams = readonly CallStream<MediaStream>[];

/** In the order in which streams are shown: an app that takes the first has the voice. */
export const PURPOSES: readonly Purpose[] = ["m.usermedia", "m.screenshare"];

/** The streams of one side. Emits when they or their flags change, and when a track is added or removed. */
export class ShownStreams extends Latest<Streams> {
  /** All that was emitted last, in a row: a stream's tracks change in place. */
  #parts: readonly unknown[] = [];

  constructor() {
    super([]);
  }

  show(streams: Streams): void {
    const parts = streams.flatMap((shown) => [...Object.values(shown), ...shown.stream.getTracks()]);
    if (parts.length === this.#parts.length && parts.every((part, index) => part === this.#parts[index]))
      return;
    this.#parts = parts;
    this.next(streams);
  }

  close(): void {
    this.show([]);
    this.complete();
  }
}

/**
 * The peer's streams that belong to the call (P26): with metadata those that it lists with a purpose we know; without
 * metadata the first with a track. By purpose and then as they arrived, for a homeserver may reorder the metadata.
 * Metadata cannot name the `unnamed` stream: it is the one from microphone and camera that has not arrived otherwise.
 * What the peer says of muting is only passed on (P27); a kind that is not there counts as muted.
 */
export function matchStreams(
  arrived: readonly MediaStream[],
  described: readonly StreamInfo[] | undefined,
  unnamed?: MediaStream,
): Streams {
  const first = arrived.find((stream) => stream.getTracks().length > 0) ?? arrived[0];
  const listed: readonly Listed[] = described ?? (first ? [{ id: first.id, purpose: "m.usermedia" }] : []);
  const isOf = (stream: MediaStream) => (info: Listed) =>
    info.id === stream.id ||
    (stream === unnamed && info.purpose === "m.usermedia" && !arrived.some(({ id }) => id === info.id));
  return PURPOSES.flatMap((purpose) =>
    arrived.flatMap((stream) => {
      const info = listed.find(isOf(stream));
      if (info?.purpose !== purpose) return [];
      const lacks = (kind: string) => !stream.getTracks().some((track) => track.kind === kind);
      const audioMuted = info.audioMuted || lacks("audio");
      const videoMuted = info.videoMuted || lacks("video");
      return [{ id: info.id, purpose, audioMuted, videoMuted, stream }];
    }),
  );
}

/**
 * A stream of ours. A kind that is not there, whose device has ended, or which the system mutes, counts as muted; a
 * screen that does not change does not, though browsers mute its track.
 */
export function localStream(stream: MediaStream, purpose: Purpose): CallStream<MediaStream> {
  const silent = (tracks: readonly MediaStreamTrack[]) =>
    tracks.every(
      ({ enabled, readyState, muted }) =>
        !enabled || readyState === "ended" || (muted && purpose === "m.usermedia"),
    );
  return {
    id: stream.id,
    purpose,
    audioMuted: silent(stream.getAudioTracks()),
    videoMuted: silent(stream.getVideoTracks()),
    stream,
  };
}

/** What is said of a stream, without the stream: what goes to the peer. */
export function infoOf({ id, purpose, audioMuted, videoMuted }: StreamInfo): StreamInfo {
  return { id, purpose, audioMuted, videoMuted };
}
