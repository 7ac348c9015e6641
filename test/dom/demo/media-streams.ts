import { map, type Observable } from "rxjs";
import type { CallStream, MediaHalf } from "trunkline";
import type { FakeStream } from "trunkline/testing";

interface Track {
  readonly kind: "audio" | "video";
}

/** A stream that the document's video elements take, of tracks of any make: the document has those of canvases alone. */
export class AnyStream extends MediaStream {
  readonly #tracks: Track[];
  /** The array is not copied: what comes to be in it is in the stream. */
  constructor(tracks: Track[] = []) {
    super();
    this.#tracks = tracks;
  }
  override getTracks = () => [...this.#tracks] as never;
  override getAudioTracks = () => this.#tracks.filter(({ kind }) => kind === "audio") as never;
  override getVideoTracks = () => this.#tracks.filter(({ kind }) => kind === "video") as never;
  override addTrack = (track: MediaStreamTrack) => void this.#tracks.push(track as never);
  override removeTrack = (track: MediaStreamTrack) => {
    const index = this.#tracks.indexOf(track as never);
    if (index >= 0) this.#tracks.splice(index, 1);
  };
}

type MediaSession = ReturnType<MediaHalf<MediaStream>["open"]>;
type Shown<S> = Observable<readonly CallStream<S>[]>;

/** A fake media half whose streams are those of the document. */
export function inDocument(media: MediaHalf<FakeStream>): MediaHalf<MediaStream> {
  const streams = new WeakMap<FakeStream, MediaStream>();
  const streamOf = (fake: FakeStream): MediaStream => {
    const stream = streams.get(fake) ?? new AnyStream(fake.tracks as unknown as Track[]);
    streams.set(fake, stream);
    return stream;
  };
  const translate = (streams$: Shown<FakeStream>): Shown<MediaStream> =>
    streams$.pipe(map((list) => list.map((shown) => ({ ...shown, stream: streamOf(shown.stream) }))));

  return {
    open(options) {
      const session = media.open(options);
      const own = {
        localStreams$: translate(session.localStreams$),
        remoteStreams$: translate(session.remoteStreams$),
      };
      return new Proxy(session as unknown as MediaSession, {
        get(target, name) {
          if (name in own) return own[name as keyof typeof own];
          const value = Reflect.get(target, name, target);
          return typeof value === "function" ? value.bind(target) : value;
        },
      });
    },
  };
}
