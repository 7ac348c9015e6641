import type { StreamInfo } from "../streams/contract.ts";
import { matchStreams, ShownStreams } from "./call-streams.ts";

/** The peer's streams: what arrived, and what the peer says of it (P25, P26). */
export class RemoteStreams {
  readonly shown$ = new ShownStreams();
  /** By the transceiver that receives them, which is what bounds them (P44). */
  readonly #streamsOf = new Map<RTCRtpTransceiver, readonly MediaStream[]>();
  readonly #create: () => MediaStream;
  /** Holds the tracks that the peer's description assigns to no stream, as by `a=msid:-`. */
  #unnamed: MediaStream | undefined;
  #described: readonly StreamInfo[] | undefined;

  /** `create` makes an empty stream. */
  constructor(create: () => MediaStream) {
    this.#create = create;
  }

  /** What the peer said last. */
  get described(): readonly StreamInfo[] | undefined {
    return this.#described;
  }

  describe(streams: readonly StreamInfo[] | undefined): void {
    this.#described = streams;
    this.#show();
  }

  /** Takes a track that has arrived, or come back. */
  arrive({ transceiver, streams }: RTCTrackEvent): void {
    if (streams.length === 0) this.#arriveUnnamed(transceiver);
    else this.#streamsOf.set(transceiver, streams);
    // A stream that was empty for a while, as on hold, may come back as another object of the same id.
    const newest = (known: MediaStream) => streams.find(({ id }) => id === known.id) ?? known;
    for (const [other, theirs] of this.#streamsOf) this.#streamsOf.set(other, theirs.map(newest));
    this.#show();
  }

  /**
   * To be called at the end of each negotiation: it may have added tracks to streams or removed them, and there is no
   * event of tracks that have no stream any more.
   */
  settle(transceivers: readonly RTCRtpTransceiver[]): void {
    for (const transceiver of transceivers) {
      const { track } = transceiver.receiver;
      const named = this.#arrived.some(
        (stream) => stream !== this.#unnamed && stream.getTracks().includes(track),
      );
      if (!named && transceiver.currentDirection?.includes("recv")) this.#arriveUnnamed(transceiver);
      else this.#unnamed?.removeTrack(track);
    }
    this.#show();
  }

  /** The connection was given up: its streams are over. */
  clear(): void {
    this.#streamsOf.clear();
    this.#unnamed = undefined;
    this.#show();
  }

  /** Whether the peer shares its screen by this transceiver: then our camera has no place there. */
  isScreen(transceiver: RTCRtpTransceiver): boolean {
    const streams = this.#streamsOf.get(transceiver);
    return this.shown$.value.some(
      ({ purpose, stream }) => purpose === "m.screenshare" && streams?.includes(stream),
    );
  }

  close(): void {
    this.shown$.close();
  }

  get #arrived(): readonly MediaStream[] {
    return [...new Set([...this.#streamsOf.values()].flat())];
  }

  #arriveUnnamed(transceiver: RTCRtpTransceiver): void {
    this.#unnamed ??= this.#create();
    this.#unnamed.addTrack(transceiver.receiver.track);
    this.#streamsOf.set(transceiver, [this.#unnamed]);
  }

  #show(): void {
    this.shown$.show(matchStreams(this.#arrived, this.#described, this.#unnamed));
  }
}
