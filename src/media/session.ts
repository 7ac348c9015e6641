import {
  catchError,
  defer,
  EMPTY,
  mergeMap,
  type Observable,
  ReplaySubject,
  type Subscription,
  share,
  tap,
} from "rxjs";
import { realClock } from "../streams/clock.ts";
import type {
  Candidate,
  Capture,
  ChangeOptions,
  Channel,
  Held,
  IceServer,
  MediaSession,
  OfferOptions,
  PathState,
  RemoteDescription,
  ScreenOptions,
  SessionDescription,
  StreamInfo,
} from "../streams/contract.ts";
import { TrunklineError } from "../streams/errors.ts";
import { Latest } from "../streams/latest.ts";
import { unbundledIn } from "../streams/sdp.ts";
import { Beginning } from "./beginning.ts";
import { Buffered } from "./buffered.ts";
import { kindsOf } from "./capture.ts";
import { Capturing } from "./capturing.ts";
import { Channels } from "./channels.ts";
import { Connection } from "./connection.ts";
import { sendKeys } from "./dtmf.ts";
import { closedError, Lifetime } from "./lifetime.ts";
import { Milestones } from "./milestones.ts";
import { OwnStreams } from "./own-streams.ts";
import { Peer } from "./peer.ts";
import { type BrowserMediaOptions, createConnection, createStream, devicesOf } from "./platform.ts";
import { RemoteCandidates } from "./remote-candidates.ts";
import { RemoteStreams } from "./remote-streams.ts";
import type { Spare } from "./spare.ts";

/** One call's media in a browser. */
export class BrowserSession implements MediaSession<MediaStream> {
  readonly path$ = new Latest<PathState>("new");
  readonly held$ = new Latest<Held>({ us: false, peer: false });

  readonly #options: BrowserMediaOptions;
  readonly #spare: Spare | undefined;
  readonly #life = new Lifetime();
  readonly #own = new OwnStreams(() => createStream(this.#options));
  readonly #remote = new RemoteStreams(() => createStream(this.#options));
  readonly #channels = new Channels();
  readonly #milestones = new Milestones();
  readonly #negotiations = new Buffered<SessionDescription>();
  readonly #candidates = new Buffered<Candidate>();
  /** The last warning of ICE servers. */
  #unusable: string | undefined;
  readonly #warnings = new Buffered<TrunklineError>();
  readonly #refused = new Buffered<TrunklineError>();
  readonly #remoteCandidates = new RemoteCandidates();
  readonly #iceServers = new ReplaySubject<readonly IceServer[]>(1);
  readonly #following: Subscription;
  readonly #capturing = new Capturing({
    own: this.#own,
    life: this.#life,
    devices: () => devicesOf(this.#options),
    connecting: () => this.#beginning.connecting,
    connection: () => this.#connection,
    warn: (warning) => this.#warnings.next(warning),
  });
  readonly #beginning: Beginning;

  readonly localStreams$ = this.#own.shown$;
  readonly remoteStreams$ = this.#remote.shown$;
  readonly channels$ = this.#channels.theirs$;
  readonly milestones$ = this.#milestones.told$;
  readonly negotiations$ = this.#negotiations.stream$;
  readonly candidates$ = this.#candidates.stream$;
  readonly warnings$ = this.#warnings.stream$;
  readonly refused$ = this.#refused.stream$;
  /** Loaded by the first subscriber: a call does without. */
  readonly stats$ = defer(() => import("./readings.ts")).pipe(
    mergeMap(({ readings }) => readings(this.path$, () => this.#connection?.peer.pc, realClock)),
    catchError(() => EMPTY),
    share(),
  );

  constructor(
    options: BrowserMediaOptions,
    iceServers$: Observable<readonly IceServer[]>,
    spare: Spare | undefined,
  ) {
    this.#options = options;
    this.#spare = spare;
    this.#beginning = new Beginning({
      iceServers$: this.#iceServers,
      own: this.#own,
      capturing: this.#capturing,
      remoteCandidates: this.#remoteCandidates,
      milestones: this.#milestones,
      connect: (servers, offer) => this.#connect(servers, offer),
      onGivenUp: () => this.#forget(),
      onRefused: (error) => this.#refused.next(error),
    });
    // Some are there at once.
    this.#following = iceServers$
      .pipe(tap((servers) => this.#connection?.peer.useServers(servers)))
      .subscribe(this.#iceServers);
  }

  get #connection(): Connection | undefined {
    return this.#beginning.connection;
  }

  offer(capture: Capture, { waitForDevices = true }: OfferOptions = {}): Promise<SessionDescription> {
    return this.#life.run(async () => {
      if (kindsOf(capture).length === 0) {
        throw new TrunklineError("invalid_option", "Nothing is asked for: set audio, video or both.");
      }
      return this.#beginning.offer(capture, waitForDevices);
    });
  }

  prepare(offer: RemoteDescription): Promise<void> {
    return this.#life.run(() => this.#beginning.prepare(offer));
  }

  unprepare(): void {
    if (!this.#life.ended) this.#beginning.unprepare();
  }

  answer(offer: RemoteDescription, capture: Capture): Promise<SessionDescription> {
    return this.#life.run(async () => {
      kindsOf(capture);
      return this.#beginning.answer(offer, capture);
    });
  }

  accept(answer: RemoteDescription): Promise<void> {
    return this.#life.run(() => this.#present().accept(answer));
  }

  addCandidates(candidates: readonly Candidate[]): void {
    if (!this.#life.ended) this.#remoteCandidates.add(candidates);
  }

  describeRemote(streams: readonly StreamInfo[]): void {
    this.#remote.describe(streams);
  }

  negotiate(theirs: SessionDescription): Promise<void> {
    return this.#life.run(() => this.#remoteCandidates.after(this.#present().negotiate(theirs)));
  }

  mute(muted: { readonly audio?: boolean; readonly video?: boolean }): void {
    this.#own.mute(muted);
  }

  change(capture: Capture, options: ChangeOptions = {}): Promise<void> {
    return this.#life.run(async () => {
      kindsOf(capture);
      this.#assertBegun();
      await this.#capturing.change(capture, options);
    });
  }

  shareScreen(options: ScreenOptions = {}): Promise<void> {
    return this.#life.run(async () => {
      this.#assertBegun();
      await this.#capturing.shareScreen(options);
    });
  }

  stopSharing(): void {
    this.#capturing.stopSharing();
  }

  hold(on: boolean): void {
    if (this.#life.ended || this.held$.value.us === on) return;
    this.#connection?.hold(on);
    this.held$.next({ ...this.held$.value, us: on });
  }

  restartIce(): void {
    if (this.#life.ended || !this.#connection) return;
    this.#connection.restart();
    this.#milestones.restarted();
  }

  sendDtmf(keys: string): void {
    sendKeys(this.#connection?.sending.dtmf, keys);
  }

  openChannel(label: string): Channel {
    this.#life.check();
    this.#connection?.checkChannels();
    return this.#channels.open(label);
  }

  close(): void {
    if (this.#life.ended) return;
    this.#life.end(closedError());
    this.#own.close();
    this.#channels.close();
    this.#beginning.end(closedError());
    this.#following.unsubscribe();
    this.#iceServers.complete();
    this.#remote.close();
    for (const stream of [
      this.path$,
      this.held$,
      this.#negotiations,
      this.#candidates,
      this.#warnings,
      this.#refused,
    ])
      stream.complete();
    this.#milestones.close();
    this.#spare?.refill();
  }

  /** A connection was given up: nothing of it may reach the call that goes on. */
  #forget(): void {
    this.#channels.detach();
    this.#remote.clear();
    if (this.path$.value !== "new") this.path$.next("new");
    this.#candidates.clear();
  }

  #connect(iceServers: readonly IceServer[], offer?: RemoteDescription): Connection {
    // Where the peer wants a transport for each kind, one that was made for a single transport cannot answer.
    const pc =
      offer && unbundledIn(offer.description.sdp) > 0
        ? createConnection({ ...this.#options, bundlePolicy: "balanced" }, iceServers)
        : (this.#spare?.take(iceServers) ?? createConnection(this.#options, iceServers));
    const peer = new Peer(pc, iceServers, this.#remoteCandidates, (warning) => {
      // A prepared answer is made again and again, with the same servers.
      if (this.#unusable === warning.message) return;
      this.#unusable = warning.message;
      this.#warnings.next(warning);
    });
    const connection = new Connection(peer, this.#own, this.#remote, (ours) => this.#negotiations.next(ours));
    connection.heldByPeer$.subscribe((held) => {
      if (held !== this.held$.value.peer) this.held$.next({ ...this.held$.value, peer: held });
    });
    connection.hold(this.held$.value.us);
    this.#channels.attach(pc);
    peer.candidates$.subscribe((candidate) => this.#candidates.next(candidate));
    peer.iceConnected$.subscribe(() => this.#milestones.reach("ice_connected"));
    peer.path$.subscribe((state) => {
      this.#milestones.follow(state);
      if (state === "connected") this.#spare?.refill();
      // What fails while it rings is made anew, and nobody's loss.
      const unheard = state === "failed" && this.#beginning.prepared;
      if (state !== this.path$.value && !unheard) this.path$.next(state);
    });
    peer.firstMedia$.subscribe(() => this.#milestones.reach("first_media"));
    this.#capturing.follow();
    return connection;
  }

  #present(): Connection {
    if (this.#connection) return this.#connection;
    throw new TrunklineError("media_failed", "No local offer is pending.");
  }

  #assertBegun(): void {
    if (this.#beginning.begun) return;
    throw new TrunklineError("wrong_state", "Nothing to change yet: offer or answer first.");
  }
}
