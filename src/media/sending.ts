import type { Purpose } from "../streams/contract.ts";
import type { Kind } from "./capture.ts";
import { directionFor } from "./directions.ts";
import type { OwnStreams } from "./own-streams.ts";
import type { RemoteStreams } from "./remote-streams.ts";

/** What we send, or once sent, by one transceiver. */
export interface Line {
  readonly purpose: Purpose;
  readonly kind: Kind;
  transceiver: RTCRtpTransceiver;
  /** Whether there is, or will be, a track to send. */
  sends: boolean;
  /** The track to send, on hold too. */
  track: MediaStreamTrack | null;
  /** The screen that is sent in place of the camera, to a peer that takes only one stream of ours. */
  screen: MediaStreamTrack | null;
}

/**
 * What one connection sends: a transceiver for each purpose and kind, their directions, and hold. Senders carry their
 * stream from the first description on and get their tracks later: so a description does not wait for the camera.
 */
export class Sending {
  /** Whether what the first descriptions made is all there is; undefined while they are made. */
  fixed: boolean | undefined;
  readonly #pc: RTCPeerConnection;
  readonly #own: OwnStreams;
  readonly #remote: RemoteStreams;
  readonly #lines: Line[] = [];
  /** What hold keeps from being played; the app may have silenced others itself. */
  readonly #silenced = new Set<MediaStreamTrack>();
  #held = false;

  constructor(pc: RTCPeerConnection, own: OwnStreams, remote: RemoteStreams) {
    this.#pc = pc;
    this.#own = own;
    this.#remote = remote;
  }

  /** Keeps a transceiver for each kind of our microphone and camera, for the tracks to come. */
  reserve(kinds: readonly Kind[]): void {
    for (const kind of kinds) this.#add("m.usermedia", kind, kind).sends = true;
    this.direct();
  }

  /** Whether a sender can name its stream before it has a track: not every browser's can. */
  get namesStreams(): boolean {
    return this.#pc.getSenders().every((sender) => "setStreams" in sender);
  }

  /** What is sent, or once was. */
  get lines(): readonly Line[] {
    return this.#lines;
  }

  /** Whether there is a transceiver for this kind of our microphone and camera. */
  hasRoomFor(kind: Kind): boolean {
    return this.#line("m.usermedia", kind) !== undefined;
  }

  /** Whether the peer is sent one stream, in which a screen takes the place of the camera (P26). */
  get oneStream(): boolean {
    return this.fixed !== false || !this.#remote.described || this.#lines.some(({ screen }) => screen);
  }

  /** The same with transceivers that the peer's offer has made; a kind that it did not offer has none. */
  adopt(kinds: readonly Kind[]): void {
    for (const kind of kinds) {
      const transceiver = this.#free(kind);
      if (!transceiver) continue;
      this.#name(transceiver.sender, "m.usermedia", this.#own.track("m.usermedia", kind));
      this.#keep("m.usermedia", kind, transceiver).sends = true;
    }
    this.direct();
  }

  /** Gives each track to the transceiver kept for it; resolves with the kinds that have none. */
  async fill(tracks: readonly MediaStreamTrack[]): Promise<readonly Kind[]> {
    const has = ({ kind }: MediaStreamTrack) => this.#line("m.usermedia", kind as Kind);
    await this.send("m.usermedia", tracks.filter(has));
    return tracks.filter((track) => !has(track)).map(({ kind }) => kind as Kind);
  }

  /**
   * Sends these tracks, each in place of the one of its kind, without a gap. Where one of them cannot be sent, all is
   * as before, and it rejects.
   */
  async send(purpose: Purpose, tracks: readonly MediaStreamTrack[]): Promise<void> {
    const inPlace = purpose === "m.screenshare" && this.oneStream;
    const changes = tracks.map((track) => {
      const line = this.#lineFor(inPlace ? "m.usermedia" : purpose, track);
      const before = { ...line };
      return { line, before, next: inPlace ? { screen: track } : { track, sends: true } };
    });
    try {
      await Promise.all(changes.map(({ line, next }) => this.#put(line, next)));
    } catch (thrown) {
      await Promise.allSettled(changes.map(({ line, before }) => this.#put(line, before)));
      this.direct();
      throw thrown;
    }
    this.direct();
  }

  /** Sends no more of these. Their transceivers are kept for the next time. */
  drop(purpose: Purpose, kinds: readonly Kind[]): void {
    for (const line of this.#lines) {
      const isOwn = line.purpose === purpose;
      if (!kinds.includes(line.kind) || !(isOwn || purpose === "m.screenshare")) continue;
      this.#put(line, isOwn ? { track: null, sends: false } : { screen: null }).catch(() => {});
    }
    this.direct();
  }

  /** Whether descriptions say that we hold: not the first ones, for a peer may be unable to negotiate later. */
  get saysHeld(): boolean {
    return this.#held && this.fixed === false;
  }

  /** On hold nothing is sent and nothing is played, from now on, whatever the peer can be told of it (P47). */
  hold(held: boolean): void {
    this.#held = held;
    for (const track of this.#silenced) track.enabled = true;
    this.#silenced.clear();
    for (const line of this.#lines) this.#put(line).catch(() => {});
    this.direct();
  }

  /** Has every transceiver do what it is there for; to be called when the peer has made some, too. */
  direct(): void {
    for (const transceiver of this.#pc.getTransceivers()) {
      if (this.#held) this.#silence(transceiver.receiver.track);
      if (transceiver.direction === "stopped") continue;
      const line = this.#lines.find((each) => each.transceiver === transceiver);
      const direction = directionFor({
        ...(line && { purpose: line.purpose }),
        sends: !!(line?.sends || line?.screen),
        held: this.saysHeld,
      });
      if (transceiver.direction !== direction) transceiver.direction = direction;
    }
  }

  /**
   * After an offer of ours gave way: a camera that had a transceiver only there takes the one that the peer's offer
   * made, so that both are one section and not two.
   */
  async resettle(): Promise<void> {
    for (const line of this.#lines) {
      const free = line.transceiver.mid === null && line.purpose === "m.usermedia" && this.#free(line.kind);
      if (!free) continue;
      line.transceiver.stop();
      line.transceiver = free;
      this.#name(free.sender, line.purpose, line.track);
      await this.#put(line);
    }
  }

  /** What sends keys, where the microphone is on its way to the peer. */
  get dtmf(): RTCDTMFSender | undefined {
    const line = this.#line("m.usermedia", "audio");
    return (line?.track && !this.#held && line.transceiver.sender.dtmf) || undefined;
  }

  #silence(track: MediaStreamTrack): void {
    if (!track.enabled) return;
    track.enabled = false;
    this.#silenced.add(track);
  }

  #line(purpose: Purpose, kind: Kind): Line | undefined {
    return this.#lines.find(
      (line) => line.purpose === purpose && line.kind === kind && line.transceiver.direction !== "stopped",
    );
  }

  #lineFor(purpose: Purpose, track: MediaStreamTrack): Line {
    const kind = track.kind as Kind;
    const known = this.#line(purpose, kind);
    if (known) return known;
    const free = purpose === "m.usermedia" ? this.#free(kind) : undefined;
    if (!free) return this.#add(purpose, kind, this.#held ? kind : track);
    this.#name(free.sender, purpose, track);
    return this.#keep(purpose, kind, free);
  }

  /** Says in the next description of which stream a sender's track is. */
  #name(sender: RTCRtpSender, purpose: Purpose, track: MediaStreamTrack | null | undefined): void {
    const stream = this.#own.of(purpose);
    if ("setStreams" in sender) sender.setStreams(stream);
    // Adding a track takes the first sender of its kind that never had one, and names its stream.
    else if (track) this.#pc.addTrack(track, stream);
  }

  #add(purpose: Purpose, kind: Kind, first: Kind | MediaStreamTrack): Line {
    const transceiver = this.#pc.addTransceiver(first, {
      direction: directionFor({ purpose, sends: true, held: this.saysHeld }),
      streams: [this.#own.of(purpose)],
    });
    return this.#keep(purpose, kind, transceiver);
  }

  #keep(purpose: Purpose, kind: Kind, transceiver: RTCRtpTransceiver): Line {
    const line: Line = { purpose, kind, transceiver, sends: false, track: null, screen: null };
    this.#lines.push(line);
    return line;
  }

  /** A transceiver that the peer's description made, for what it sends from its camera or microphone, if anything. */
  #free(kind: Kind): RTCRtpTransceiver | undefined {
    return this.#pc
      .getTransceivers()
      .find(
        (transceiver) =>
          transceiver.receiver.track.kind === kind &&
          transceiver.mid !== null &&
          transceiver.direction !== "stopped" &&
          !this.#lines.some((line) => line.transceiver === transceiver) &&
          !this.#remote.isScreen(transceiver),
      );
  }

  // The track is noted first: a hold that comes meanwhile, or ends, must find the new one.
  #put(line: Line, next: Partial<Line> = {}): Promise<void> {
    const { track, screen, transceiver } = Object.assign(line, next);
    return transceiver.sender.replaceTrack(this.#held ? null : (screen ?? track));
  }
}
