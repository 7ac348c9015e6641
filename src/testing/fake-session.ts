import { BehaviorSubject, ReplaySubject, Subscription, timer } from "rxjs";
import type {
  CallStream,
  Candidate,
  Capture,
  Clock,
  Description,
  IceServer,
  MediaSession,
  Milestone,
  MilestoneName,
  PathState,
  Purpose,
  SessionDescription,
  StreamInfo,
} from "../streams/contract.ts";
import { type ErrorCode, TrunklineError, toTrunklineError } from "../streams/errors.ts";
import type { FakeStream, FakeTrack } from "./fake-media.ts";
import { type FakeSdp, type FakeSection, fakeCandidate, readSdp, streamsOf, writeSdp } from "./fake-sdp.ts";

type Kind = FakeTrack["kind"];

export interface FakeSessionOptions {
  readonly clock: Clock;
  readonly iceServers: Promise<readonly IceServer[]>;
  readonly refusal: () => ErrorCode | undefined;
  readonly onOpened: (tracks: readonly FakeTrack[]) => void;
  readonly onClosed: () => void;
}

/** In ms: when the later candidates and the end marker are found, and how long the path takes once it can begin. */
const TIMES = { candidates: [10, 20], end: 30, ice: 5, connected: 10, media: 20 } as const;
const MOST_KEPT = 256;
const PURPOSES: readonly Purpose[] = ["m.usermedia", "m.screenshare"];

/** Where the sessions of this process find each other. */
const described = new Map<string, FakeSession>();
let made = 0;

export class FakeSession implements MediaSession<FakeStream> {
  readonly candidates$ = new ReplaySubject<Candidate>();
  readonly path$ = new BehaviorSubject<PathState>("new");
  readonly localStreams$ = new BehaviorSubject<readonly CallStream<FakeStream>[]>([]);
  readonly remoteStreams$ = new BehaviorSubject<readonly CallStream<FakeStream>[]>([]);
  readonly milestones$ = new ReplaySubject<Milestone>();

  readonly #options: FakeSessionOptions;
  readonly #id = `fake-${++made}`;
  readonly #timers = new Subscription();
  readonly #reached = new Set<MilestoneName>();
  readonly #muted = { audio: false, video: false };
  readonly #closing: Promise<never>;
  #rejectClosing: (error: TrunklineError) => void = () => {};
  #closed = false;
  #begun = false;
  #connection = false;
  #linked = false;
  #own: FakeStream = { id: `${this.#id}-stream`, tracks: [] };
  #remote: FakeSdp | undefined;
  #remoteInfo: readonly StreamInfo[] | undefined;
  #arrived: readonly FakeStream[] = [];
  #remoteCandidates: readonly Candidate[] = [];

  constructor(options: FakeSessionOptions) {
    this.#options = options;
    this.#closing = new Promise((_, reject) => {
      this.#rejectClosing = reject;
    });
    this.#closing.catch(() => {});
    options.iceServers.catch(() => {});
  }

  get hasConnection(): boolean {
    return this.#connection;
  }

  offer(capture: Capture): Promise<SessionDescription> {
    return this.#whileOpen(async () => {
      const kinds = kindsOf(capture);
      if (kinds.length === 0) {
        throw new TrunklineError("invalid_option", "The capture asks for nothing: set audio, video or both.");
      }
      await this.#prepare(kinds);
      return this.#describe("offer", kinds);
    });
  }

  answer(offer: SessionDescription, capture: Capture): Promise<SessionDescription> {
    return this.#whileOpen(async () => {
      const kinds = kindsOf(capture);
      const offered = this.#setRemote("offer", offer).sections.map(({ kind }) => kind);
      await this.#prepare(kinds.filter((kind) => offered.includes(kind)));
      return this.#describe("answer", offered);
    });
  }

  accept(answer: SessionDescription): Promise<void> {
    return this.#whileOpen(async () => {
      if (!described.has(this.#id)) {
        throw new TrunklineError("media_failed", "There is no offer that this could answer.");
      }
      this.#setRemote("answer", answer);
      this.#progress();
    });
  }

  addCandidates(candidates: readonly Candidate[]): void {
    if (this.#closed) return;
    this.#remoteCandidates = [...this.#remoteCandidates, ...candidates].slice(0, MOST_KEPT);
    this.#progress();
  }

  describeRemote(streams: readonly StreamInfo[]): void {
    this.#remoteInfo = streams;
    this.#showRemote();
  }

  mute({ audio, video }: { readonly audio?: boolean; readonly video?: boolean }): void {
    this.#muted.audio = audio ?? this.#muted.audio;
    this.#muted.video = video ?? this.#muted.video;
    this.#showLocal();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const other = this.#other;
    this.#rejectClosing(closedError());
    for (const { tracks } of [this.#own, ...this.#arrived]) {
      for (const track of tracks) track.readyState = "ended";
    }
    this.#timers.unsubscribe();
    described.delete(this.#id);
    for (const stream$ of [this.path$, this.localStreams$, this.remoteStreams$]) stream$.complete();
    this.candidates$.complete();
    this.milestones$.complete();
    this.#options.onClosed();
    other?.setPath("disconnected");
  }

  /** Moves the path, where there is a connection to have one. */
  setPath(state: PathState): void {
    if (this.#connection && this.path$.value !== state) this.path$.next(state);
  }

  /** Waits for what an offer and an answer need, and opens the devices, all at once. */
  async #prepare(kinds: readonly Kind[]): Promise<void> {
    if (this.#begun) {
      throw new TrunklineError("wrong_state", "One description a session: open one for each call.");
    }
    this.#begun = true;
    const connecting = this.#options.iceServers.then(() => {
      this.#connection = true;
    });
    await Promise.all([connecting, this.#openDevices(kinds)]);
    this.#assertOpen();
  }

  async #openDevices(kinds: readonly Kind[]): Promise<void> {
    if (kinds.length === 0) return;
    const refusal = this.#options.refusal();
    if (refusal) throw new TrunklineError(refusal, "The fake devices were told to refuse.");
    const tracks = kinds.map((kind): FakeTrack => ({ kind, enabled: true, readyState: "live" }));
    this.#own = { id: this.#own.id, tracks };
    this.#options.onOpened(tracks);
    this.#reach("media_opened");
    this.#showLocal();
  }

  #describe(type: Description["type"], kinds: readonly Kind[]): SessionDescription {
    const sections = kinds.map((kind): FakeSection => {
      const sends = this.#own.tracks.some((track) => track.kind === kind);
      return { kind, ...(sends && { streamId: this.#own.id }) };
    });
    const sdp = writeSdp({ sessionId: this.#id, sections, candidates: [fakeCandidate(this.#id, 1)] });
    described.set(this.#id, this);
    this.#reach("description_made");
    for (const [index, ms] of TIMES.candidates.entries()) {
      this.#after(ms, () => this.#tell(fakeCandidate(this.#id, index + 2)));
    }
    this.#after(TIMES.end, () => this.#tell(""));
    this.#progress();
    const streams = this.localStreams$.value.map(({ stream: _, ...info }) => info);
    return { description: { type, sdp }, streams };
  }

  #setRemote(expected: Description["type"], { description, streams }: SessionDescription): FakeSdp {
    const { type, sdp } = description;
    if (type !== expected) {
      throw new TrunklineError("media_failed", `The peer's ${expected} cannot be used: it is an ${type}.`);
    }
    const remote = readSdp(sdp);
    this.#remote = remote;
    this.#remoteInfo = streams;
    this.#arrived = streamsOf(remote);
    this.#showRemote();
    return remote;
  }

  #tell(candidate: string): void {
    this.candidates$.next({ candidate, sdpMid: "0", sdpMLineIndex: 0 });
  }

  /** The session at the other end, once both have the other's description. */
  get #other(): FakeSession | undefined {
    const other = this.#remote && described.get(this.#remote.sessionId);
    return other && other.#remote?.sessionId === this.#id ? other : undefined;
  }

  /** Whether it has a candidate of the peer that it can use. */
  get #knowsWay(): boolean {
    const sessionId = this.#remote?.sessionId;
    return (
      (this.#remote?.candidates.length ?? 0) > 0 ||
      this.#remoteCandidates.some(
        ({ candidate, sdpMid, sdpMLineIndex }) =>
          candidate.startsWith("candidate:") &&
          candidate.endsWith(` ufrag ${sessionId}`) &&
          (sdpMid || sdpMLineIndex !== undefined),
      )
    );
  }

  #progress(): void {
    if (!this.#remote || !described.has(this.#id)) return;
    const other = this.#other;
    const linked = other && (this.#knowsWay || other.#knowsWay);
    for (const session of linked ? [this, other] : [this]) session.#connect(linked === true);
  }

  #connect(linked: boolean): void {
    if (this.path$.value === "new") this.path$.next("connecting");
    if (!linked || this.#linked) return;
    this.#linked = true;
    this.#after(TIMES.ice, () => this.#reach("ice_connected"));
    this.#after(TIMES.connected, () => {
      this.#reach("connected");
      this.path$.next("connected");
    });
    if (this.#arrived.length > 0) this.#after(TIMES.media, () => this.#reach("first_media"));
  }

  #showLocal(): void {
    for (const track of this.#own.tracks) track.enabled = !this.#muted[track.kind];
    const silent = (kind: Kind) => this.#own.tracks.every((track) => track.kind !== kind || !track.enabled);
    const { id, tracks } = this.#own;
    if (tracks.length === 0) return;
    this.#show(this.localStreams$, [
      {
        id,
        purpose: "m.usermedia",
        audioMuted: silent("audio"),
        videoMuted: silent("video"),
        stream: this.#own,
      },
    ]);
  }

  /** P26 */
  #showRemote(): void {
    const first: readonly StreamInfo[] = this.#arrived
      .slice(0, 1)
      .map(({ id }) => ({ id, purpose: "m.usermedia", audioMuted: false, videoMuted: false }));
    const shown = (this.#remoteInfo ?? first).flatMap((info) => {
      const stream = this.#arrived.find(({ id }) => id === info.id);
      return stream && PURPOSES.includes(info.purpose) ? [{ ...info, stream }] : [];
    });
    this.#show(this.remoteStreams$, shown);
  }

  #show(streams$: FakeSession["localStreams$"], shown: readonly CallStream<FakeStream>[]): void {
    if (JSON.stringify(streams$.value) !== JSON.stringify(shown)) streams$.next(shown);
  }

  #reach(name: MilestoneName): void {
    this.#reached.add(name);
    this.milestones$.next({ name, at: this.#options.clock.now() });
  }

  #after(ms: number, then: () => void): void {
    this.#timers.add(timer(ms, this.#options.clock).subscribe(then));
  }

  async #whileOpen<T>(work: () => Promise<T>): Promise<T> {
    this.#assertOpen();
    try {
      return await Promise.race([work(), this.#closing]);
    } catch (thrown) {
      throw toTrunklineError(thrown, "media_failed");
    }
  }

  #assertOpen(): void {
    if (this.#closed) throw closedError();
  }
}

function kindsOf(capture: Capture): readonly Kind[] {
  const kinds: readonly Kind[] = ["audio", "video"];
  return kinds.filter((kind) => capture[kind]);
}

function closedError(): TrunklineError {
  return new TrunklineError("closed", "The media session is closed: open another.");
}
