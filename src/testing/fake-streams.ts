import type { CallStream, Purpose, StreamInfo } from "../streams/contract.ts";
import { Latest } from "../streams/latest.ts";
import type { FakeStream, FakeTrack } from "./fake-media.ts";
import type { FakeSdp, FakeSection } from "./fake-sdp.ts";

export type Kind = FakeTrack["kind"];

export const KINDS: readonly Kind[] = ["audio", "video"];
const PURPOSES: readonly Purpose[] = ["m.usermedia", "m.screenshare"];

/** What a description calls a stream that has no name. */
const UNNAMED = "-";
/** What is known of the stream of a peer that lists none. */
const FIRST = { purpose: "m.usermedia", audioMuted: false, videoMuted: false } as const;

interface OwnStream {
  readonly id: string;
  readonly tracks: FakeTrack[];
  /** The kinds that it has, or had: their sections stay. */
  readonly used: Set<Kind>;
}

/** Emits when streams or their flags change, and when a track is added or removed. */
export class FakeShownStreams extends Latest<readonly CallStream<FakeStream>[]> {
  #parts: readonly unknown[] = [];

  constructor() {
    super([]);
  }

  show(streams: readonly CallStream<FakeStream>[]): void {
    const parts = streams.flatMap((shown) => [...Object.values(shown), ...shown.stream.tracks]);
    const same = (part: unknown, index: number) => part === this.#parts[index];
    if (parts.length === this.#parts.length && parts.every(same)) return;
    this.#parts = parts;
    this.next(streams);
  }
}

/** What a fake session sends. */
export class FakeOwnStreams {
  readonly shown$ = new FakeShownStreams();
  readonly #streams: ReadonlyMap<Purpose, OwnStream>;
  readonly #muted = { audio: false, video: false };
  /** The kinds on their way, of a stream that the peer is told of though there is nothing in it. */
  #promised: readonly Kind[] | undefined;
  /** The kinds that are said to be sent, whether they are or not: so that adding them needs no negotiation. */
  readonly #kept = new Set<Kind>();
  /** Whether the system mutes a kind. */
  readonly #isSilent: (kind: Kind) => boolean;
  /** Whether a device that the peer was promised did not open. */
  #missed = false;
  /** Whether a screen is sent in place of the camera, in the same stream. */
  inPlace = false;

  constructor(sessionId: string, isSilent: (kind: Kind) => boolean) {
    this.#isSilent = isSilent;
    this.#streams = new Map(
      PURPOSES.map((purpose) => [purpose, { id: `${sessionId}-${purpose}`, tracks: [], used: new Set() }]),
    );
  }

  get infos(): readonly StreamInfo[] {
    const shown = this.shown$.value.map(({ stream: _, ...info }) => info);
    const promised = this.#promised;
    if (!promised || shown.some(({ purpose }) => purpose === "m.usermedia")) return shown;
    const muted = (kind: Kind) => this.#muted[kind] || !promised.includes(kind);
    const { id } = this.#of("m.usermedia");
    return [{ id, purpose: "m.usermedia", audioMuted: muted("audio"), videoMuted: muted("video") }, ...shown];
  }

  /** From here on the peer is told of our microphone and camera, with room for `kept`, as if `kinds` were open. */
  promise(kinds: readonly Kind[], kept: readonly Kind[]): void {
    this.#promised = kinds;
    this.keep(kept);
  }

  /** Keeps sections for these kinds, as if they were sent: adding them needs no negotiation. */
  keep(kept: readonly Kind[]): void {
    for (const kind of kept) {
      this.#kept.add(kind);
      this.#of("m.usermedia").used.add(kind);
    }
  }

  track(purpose: Purpose, kind: Kind): FakeTrack | undefined {
    return this.#of(purpose).tracks.find((track) => track.kind === kind);
  }

  /** Opens a track of each kind, in place of the one that is there. */
  open(purpose: Purpose, kinds: readonly Kind[]): readonly FakeTrack[] {
    const { tracks } = this.#of(purpose);
    const { used } = this.#of(this.inPlace ? "m.usermedia" : purpose);
    this.#end(purpose, kinds);
    if (purpose === "m.usermedia") this.#promised &&= [];
    const opened = kinds.map((kind): FakeTrack => ({ kind, enabled: true, readyState: "live" }));
    tracks.push(...opened);
    for (const kind of kinds) used.add(kind);
    return opened;
  }

  /** A device that the peer was promised did not open: our stream is listed all the same, as muted. */
  miss(): void {
    this.#promised = [];
    this.#missed = true;
    this.show();
  }

  /** The device of this kind ends by itself. */
  lose(kind: Kind): void {
    const track = this.track("m.usermedia", kind);
    if (track) track.readyState = "ended";
    this.show();
  }

  stop(purpose: Purpose, kinds: readonly Kind[]): void {
    if (purpose === "m.usermedia") for (const kind of kinds) this.#kept.delete(kind);
    this.#end(purpose, kinds);
  }

  #end(purpose: Purpose, kinds: readonly Kind[]): void {
    const { tracks } = this.#of(purpose);
    for (const track of tracks.filter(({ kind }) => kinds.includes(kind))) {
      track.readyState = "ended";
      tracks.splice(tracks.indexOf(track), 1);
    }
  }

  mute({ audio, video }: { readonly audio?: boolean; readonly video?: boolean }): void {
    this.#muted.audio = audio ?? this.#muted.audio;
    this.#muted.video = video ?? this.#muted.video;
    this.show();
  }

  /** The sections of what is sent, and of what once was. */
  sections(held: boolean): readonly FakeSection[] {
    return [...this.#streams].flatMap(([purpose, { id, used }]) =>
      KINDS.filter((kind) => used.has(kind)).map((kind): FakeSection => {
        const kept = purpose === "m.usermedia" && this.#kept.has(kind);
        const screen = this.inPlace && kind === "video" && this.track("m.screenshare", kind);
        const sends = kept || (screen || this.track(purpose, kind)) !== undefined;
        const oneWay = held || purpose === "m.screenshare";
        const direction = oneWay ? (sends ? "sendonly" : "inactive") : sends ? "sendrecv" : "recvonly";
        return { kind, direction, ...(sends && { streamId: id }) };
      }),
    );
  }

  close(): void {
    for (const purpose of PURPOSES) this.stop(purpose, KINDS);
    this.shown$.show([]);
    this.shown$.complete();
  }

  show(): void {
    for (const track of this.#of("m.usermedia").tracks) track.enabled = !this.#muted[track.kind];
    const shown = [...this.#streams].flatMap(([purpose, stream]) => {
      const isUsermedia = purpose === "m.usermedia";
      const silent = (kind: Kind) => {
        const track = this.track(purpose, kind);
        return !track?.enabled || track.readyState === "ended" || (isUsermedia && this.#isSilent(kind));
      };
      const muted = { audioMuted: silent("audio"), videoMuted: silent("video") };
      return stream.tracks.length > 0 || (isUsermedia && this.#missed)
        ? [{ id: stream.id, purpose, ...muted, stream }]
        : [];
    });
    this.shown$.show(shown);
  }

  #of(purpose: Purpose): OwnStream {
    return this.#streams.get(purpose) as OwnStream;
  }
}

/** What a fake session shows of its peer (P26). */
export class FakeRemoteStreams {
  readonly shown$ = new FakeShownStreams();
  #arrived: readonly { readonly id: string; readonly tracks: FakeTrack[] }[] = [];
  #described: readonly StreamInfo[] | undefined;

  /** Whether the peer lists its streams. */
  get listed(): boolean {
    return this.#described !== undefined;
  }

  get empty(): boolean {
    return this.#arrived.length === 0;
  }

  /** Takes a description of the peer; without `streams` what was said before holds. */
  arrive({ sections }: FakeSdp, streams: readonly StreamInfo[] | undefined): void {
    const before = this.#arrived;
    const ids = new Set(sections.flatMap(({ streamId }) => streamId ?? []));
    this.#arrived = [...ids].map((id) => {
      const stream = before.find((known) => known.id === id) ?? { id, tracks: [] };
      const kinds = sections.filter((section) => section.streamId === id).map(({ kind }) => kind);
      const kept = stream.tracks.filter(({ kind }) => kinds.includes(kind));
      const added = kinds.filter((kind) => !kept.some((track) => track.kind === kind));
      const fresh = added.map((kind): FakeTrack => ({ kind, enabled: true, readyState: "live" }));
      stream.tracks.splice(0, stream.tracks.length, ...kept, ...fresh);
      return stream;
    });
    this.describe(streams ?? this.#described);
  }

  describe(streams: readonly StreamInfo[] | undefined): void {
    this.#described = streams;
    const shown = PURPOSES.flatMap((purpose) =>
      this.#arrived.flatMap((stream, index) => {
        const info = streams ? streams.find((listed) => this.#isOf(stream.id, listed)) : index === 0 && FIRST;
        if (!info || info.purpose !== purpose) return [];
        const lacks = (kind: Kind) => !stream.tracks.some((track) => track.kind === kind);
        const audioMuted = info.audioMuted || lacks("audio");
        const videoMuted = info.videoMuted || lacks("video");
        return [{ id: "id" in info ? info.id : stream.id, purpose, audioMuted, videoMuted, stream }];
      }),
    );
    this.shown$.show(shown);
  }

  /** A stream without a name is the one from microphone and camera that has not arrived otherwise. */
  #isOf(id: string, { id: listed, purpose }: StreamInfo): boolean {
    if (id !== UNNAMED) return id === listed;
    return purpose === "m.usermedia" && !this.#arrived.some((other) => other.id === listed);
  }

  /** Whether the peer sends this kind. */
  has(kind: Kind): boolean {
    return this.#arrived.some(({ tracks }) => tracks.some((track) => track.kind === kind));
  }

  close(): void {
    for (const track of this.#arrived.flatMap(({ tracks }) => tracks)) track.readyState = "ended";
    this.shown$.show([]);
    this.shown$.complete();
  }
}
