import { BehaviorSubject, ReplaySubject } from "rxjs";
import { realClock } from "../streams/clock.ts";
import type {
  CallStream,
  Candidate,
  Capture,
  Description,
  IceServer,
  MediaSession,
  Milestone,
  MilestoneName,
  PathState,
  SessionDescription,
  StreamInfo,
} from "../streams/contract.ts";
import { TrunklineError, toTrunklineError } from "../streams/errors.ts";
import { infoOf, localStream, matchStreams, sameStreams } from "./call-streams.ts";
import { kindsOf, openDevices } from "./capture.ts";
import { lastTypeOf } from "./gathering.ts";
import { Peer } from "./peer.ts";
import { type BrowserMediaOptions, createConnection, createStream, devicesOf } from "./platform.ts";
import { RemoteCandidates } from "./remote-candidates.ts";
import { addSenders, adoptSenders, type Senders, sendTracks } from "./senders.ts";

/** One call's media in a browser. */
export class BrowserSession implements MediaSession<MediaStream> {
  readonly candidates$ = new ReplaySubject<Candidate>();
  readonly path$ = new BehaviorSubject<PathState>("new");
  readonly localStreams$ = new BehaviorSubject<readonly CallStream<MediaStream>[]>([]);
  readonly remoteStreams$ = new BehaviorSubject<readonly CallStream<MediaStream>[]>([]);
  readonly milestones$ = new ReplaySubject<Milestone>();

  readonly #options: BrowserMediaOptions;
  readonly #iceServers: Promise<readonly IceServer[]>;
  readonly #remoteCandidates = new RemoteCandidates();
  readonly #reached = new Set<MilestoneName>();
  readonly #muted = { audio: false, video: false };
  readonly #closing: Promise<never>;
  #rejectClosing: (error: TrunklineError) => void = () => {};
  #closed = false;
  #peer: Peer | undefined;
  /** Our camera and microphone; made, empty, with the description. */
  #own: MediaStream | undefined;
  #arrived: readonly MediaStream[] = [];
  #remoteInfo: readonly StreamInfo[] | undefined;

  constructor(options: BrowserMediaOptions, iceServers: Promise<readonly IceServer[]>) {
    this.#options = options;
    this.#iceServers = iceServers;
    this.#closing = new Promise((_, reject) => {
      this.#rejectClosing = reject;
    });
    // Either may reject while nobody waits for it.
    this.#closing.catch(() => {});
    iceServers.catch(() => {});
  }

  offer(capture: Capture): Promise<SessionDescription> {
    return this.#whileOpen(async () => {
      const kinds = kindsOf(capture);
      if (kinds.length === 0) {
        throw new TrunklineError("invalid_option", "The capture asks for nothing: set audio, video or both.");
      }
      return this.#describe("offer", capture, async ({ pc }, own) => addSenders(pc, kinds, own));
    });
  }

  answer(offer: SessionDescription, capture: Capture): Promise<SessionDescription> {
    return this.#whileOpen(async () => {
      const kinds = kindsOf(capture);
      return this.#describe("answer", capture, async (peer, own) => {
        await this.#setRemote(peer, "offer", offer);
        if (peer.pc.getTransceivers().length > 0) return adoptSenders(peer.pc, kinds, own);
        throw new TrunklineError("media_failed", "The peer's offer holds neither audio nor video.");
      });
    });
  }

  accept(answer: SessionDescription): Promise<void> {
    return this.#whileOpen(async () => {
      if (!this.#peer) throw new TrunklineError("media_failed", "There is no offer that this could answer.");
      await this.#setRemote(this.#peer, "answer", answer);
    });
  }

  addCandidates(candidates: readonly Candidate[]): void {
    if (!this.#closed) this.#remoteCandidates.add(candidates);
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
    this.#rejectClosing(closedError());
    stopAll(this.#own?.getTracks() ?? []);
    this.#peer?.close();
    for (const stream$ of [this.path$, this.localStreams$, this.remoteStreams$]) stream$.complete();
    this.candidates$.complete();
    this.milestones$.complete();
  }

  /** Opens the devices beside the ICE servers, the connection and the gathering: none waits for another in line. */
  async #describe(
    type: Description["type"],
    capture: Capture,
    prepare: (peer: Peer, own: MediaStream) => Promise<Senders>,
  ): Promise<SessionDescription> {
    if (this.#own)
      throw new TrunklineError("wrong_state", "One description a session: open one for each call.");
    const own = createStream(this.#options);
    this.#own = own;
    const gather = async () => {
      const peer = this.#connect(await this.#iceServers);
      const senders = await prepare(peer, own);
      await peer.gather(type);
      return { peer, senders };
    };
    const [{ peer, senders }] = await Promise.all([gather(), this.#open(capture, own)]);
    const unsent = await sendTracks(senders, own.getTracks());
    // A camera that the peer's offer has no room for must not stay on.
    stopAll(unsent);
    for (const track of unsent) own.removeTrack(track);
    this.#showLocal();
    const description = peer.takeDescription(type);
    this.#reach("description_made");
    return { description, streams: this.localStreams$.value.map(infoOf) };
  }

  async #open(capture: Capture, own: MediaStream): Promise<void> {
    if (kindsOf(capture).length === 0) return;
    const opened = await openDevices(devicesOf(this.#options), capture);
    if (this.#closed) stopAll(opened.getTracks());
    this.#assertOpen();
    for (const track of opened.getTracks()) own.addTrack(track);
    this.#reach("media_opened");
    this.#showLocal();
  }

  #connect(iceServers: readonly IceServer[]): Peer {
    this.#assertOpen();
    const lastType = lastTypeOf(iceServers, this.#options.iceTransportPolicy ?? "all");
    const peer = new Peer(createConnection(this.#options, iceServers), lastType, this.#remoteCandidates);
    this.#peer = peer;
    peer.candidates$.subscribe(this.candidates$);
    peer.iceConnected$.subscribe(() => this.#reach("ice_connected"));
    peer.path$.subscribe((state) => {
      if (state === "connected") this.#reach("ice_connected", "connected");
      if (state !== this.path$.value) this.path$.next(state);
    });
    peer.firstMedia$.subscribe(() => this.#reach("first_media"));
    peer.streams$.subscribe((stream) => {
      if (!this.#arrived.includes(stream)) this.#arrived = [...this.#arrived, stream];
      this.#showRemote();
    });
    return peer;
  }

  async #setRemote(
    peer: Peer,
    expected: Description["type"],
    { description, streams }: SessionDescription,
  ): Promise<void> {
    // Browsers would take an offer in place of an answer, and undo ours for it.
    if (description.type !== expected) {
      const reason = `it is an ${description.type}`;
      throw new TrunklineError("media_failed", `The peer's ${expected} cannot be used: ${reason}.`);
    }
    this.#remoteInfo = streams;
    await peer.setRemote(description);
  }

  #showLocal(): void {
    for (const track of this.#own?.getTracks() ?? []) {
      track.enabled = !this.#muted[track.kind === "audio" ? "audio" : "video"];
    }
    const shown =
      this.#own && this.#own.getTracks().length > 0 ? [localStream(this.#own, "m.usermedia")] : [];
    if (!sameStreams(this.localStreams$.value, shown)) this.localStreams$.next(shown);
  }

  #showRemote(): void {
    const shown = matchStreams(this.#arrived, this.#remoteInfo);
    if (!sameStreams(this.remoteStreams$.value, shown)) this.remoteStreams$.next(shown);
  }

  #reach(...names: readonly MilestoneName[]): void {
    for (const name of names) {
      if (this.#reached.has(name)) continue;
      this.#reached.add(name);
      this.milestones$.next({ name, at: realClock.now() });
    }
  }

  /** Runs the work until it is done or the session is closed, whichever comes first; every failure is coded. */
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

function closedError(): TrunklineError {
  return new TrunklineError("closed", "The media session is closed: open another.");
}

function stopAll(tracks: readonly MediaStreamTrack[]): void {
  for (const track of tracks) track.stop();
}
