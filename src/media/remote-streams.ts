import type { CallStream, StreamInfo } from "../streams/contract.ts";
import { Latest } from "../streams/latest.ts";
import { matchStreams, sameStreams } from "./call-streams.ts";

/** The peer's streams: what arrived, and what the peer says of it (P25, P26). */
export class RemoteStreams {
  readonly shown$ = new Latest<readonly CallStream<MediaStream>[]>([]);
  readonly #streamOf = new Map<RTCRtpTransceiver, string>();
  #arrived: readonly MediaStream[] = [];
  #described: readonly StreamInfo[] | undefined;

  /** What the peer said last. */
  get described(): readonly StreamInfo[] | undefined {
    return this.#described;
  }

  describe(streams: readonly StreamInfo[] | undefined): void {
    this.#described = streams;
    this.#show();
  }

  /** Takes the streams of a track that has arrived, or come back, by this transceiver. */
  arrive(transceiver: RTCRtpTransceiver, streams: readonly MediaStream[]): void {
    for (const stream of streams) {
      this.#streamOf.set(transceiver, stream.id);
      // A stream that was empty for a while, as on hold, may come back as another object of the same id.
      const place = this.#arrived.findIndex(({ id }) => id === stream.id);
      this.#arrived = place < 0 ? [...this.#arrived, stream] : this.#arrived.with(place, stream);
    }
    this.#show();
  }

  /** Forgets what the peer has ended: streams that are empty and that it no longer lists (P44). */
  prune(): void {
    const listed = (id: string) => this.#described?.some((info) => info.id === id) ?? false;
    this.#arrived = this.#arrived.filter(({ id, active }, index) => {
      return active || listed(id) || (!this.#described && index === 0);
    });
    this.#show();
  }

  /** Whether the peer shares its screen by this transceiver: then our camera has no place there. */
  isScreen(transceiver: RTCRtpTransceiver): boolean {
    const id = this.#streamOf.get(transceiver);
    return this.#described?.some((info) => info.id === id && info.purpose === "m.screenshare") ?? false;
  }

  close(): void {
    if (this.shown$.value.length > 0) this.shown$.next([]);
    this.shown$.complete();
  }

  #show(): void {
    const shown = matchStreams(this.#arrived, this.#described);
    if (!sameStreams(this.shown$.value, shown)) this.shown$.next(shown);
  }
}
