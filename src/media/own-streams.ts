import type { Purpose, StreamInfo } from "../streams/contract.ts";
import { infoOf, localStream, PURPOSES, ShownStreams } from "./call-streams.ts";
import type { Kind } from "./capture.ts";
import { quietly } from "./quietly.ts";

/** Our streams, one a purpose, with the tracks that we have opened. A stream keeps its id, whatever it holds. */
export class OwnStreams {
  readonly shown$ = new ShownStreams();
  readonly #streams = new Map<Purpose, MediaStream>();
  readonly #create: () => MediaStream;
  readonly #muted = { audio: false, video: false };
  /** Tracks that are to be added. */
  #coming: readonly MediaStreamTrack[] = [];
  /** Whether a device that the peer was promised did not open. */
  #missed = false;
  /** The kinds on their way, of a stream that the peer is told of though there is nothing in it. */
  #promised: readonly Kind[] | undefined;

  constructor(create: () => MediaStream) {
    this.#create = create;
  }

  /** What goes to the peer (P25). */
  get infos(): readonly StreamInfo[] {
    const shown = this.shown$.value.map(infoOf);
    const promised = this.#promised;
    if (!promised || shown.some(({ purpose }) => purpose === "m.usermedia")) return shown;
    const muted = (kind: Kind) => this.#muted[kind] || !promised.includes(kind);
    const { id } = this.of("m.usermedia");
    return [{ id, purpose: "m.usermedia", audioMuted: muted("audio"), videoMuted: muted("video") }, ...shown];
  }

  /** From here on the peer is told of our microphone and camera: of these kinds as if they were open already. */
  promise(kinds: readonly Kind[]): void {
    this.#promised = kinds;
  }

  of(purpose: Purpose): MediaStream {
    const stream = this.#streams.get(purpose) ?? this.#create();
    this.#streams.set(purpose, stream);
    return stream;
  }

  track(purpose: Purpose, kind: Kind): MediaStreamTrack | undefined {
    return this.#streams
      .get(purpose)
      ?.getTracks()
      .find((track) => track.kind === kind);
  }

  /** Mutes new tracks as those before them were; to be called before anything of them is sent. */
  prepare(purpose: Purpose, tracks: readonly MediaStreamTrack[]): void {
    if (purpose !== "m.usermedia") return;
    this.#coming = tracks;
    this.#applyMute();
  }

  /** Adds these tracks; each takes the place of the one of its kind, which is stopped. */
  add(purpose: Purpose, tracks: readonly MediaStreamTrack[]): void {
    const stream = this.of(purpose);
    if (purpose === "m.usermedia") this.#promised &&= [];
    const replaced = stream.getTracks().filter(({ kind }) => tracks.some((track) => track.kind === kind));
    this.prepare(purpose, tracks);
    for (const track of tracks) stream.addTrack(track);
    this.#stop(stream, replaced);
  }

  /** Stops the tracks of these kinds, and lets go of them. */
  remove(purpose: Purpose, kinds: readonly Kind[]): void {
    const stream = this.#streams.get(purpose);
    if (stream)
      this.#stop(
        stream,
        stream.getTracks().filter(({ kind }) => kinds.includes(kind as Kind)),
      );
  }

  /** Mutes or unmutes microphone and camera; a shared screen is stopped, not muted. */
  mute({ audio, video }: { readonly audio?: boolean; readonly video?: boolean }): void {
    this.#muted.audio = audio ?? this.#muted.audio;
    this.#muted.video = video ?? this.#muted.video;
    this.#applyMute();
    this.show();
  }

  /** Emits what has changed, a device that ended or that the system mutes too. */
  show(): void {
    this.shown$.show(
      PURPOSES.flatMap((purpose) => {
        const stream = this.#streams.get(purpose);
        const isListed =
          stream && (stream.getTracks().length > 0 || (purpose === "m.usermedia" && this.#missed));
        return isListed ? [localStream(stream, purpose)] : [];
      }),
    );
  }

  /** A device that the peer was promised did not open: our stream is listed all the same, as muted. */
  miss(): void {
    this.#promised = [];
    this.#missed = true;
    this.show();
  }

  close(): void {
    for (const stream of this.#streams.values())
      for (const track of stream.getTracks()) quietly(() => track.stop());
    this.shown$.close();
  }

  #stop(stream: MediaStream, tracks: readonly MediaStreamTrack[]): void {
    for (const track of tracks) {
      track.stop();
      stream.removeTrack(track);
    }
    this.show();
  }

  #applyMute(): void {
    const present = this.#streams.get("m.usermedia")?.getTracks() ?? [];
    for (const track of [...present, ...this.#coming]) track.enabled = !this.#muted[track.kind as Kind];
  }
}
