import { firstValueFrom, type Observable, ReplaySubject, type Subscription, take } from "rxjs";
import type {
  Candidate,
  Capture,
  ChangeOptions,
  Channel,
  Clock,
  Description,
  IceServer,
  MediaSession,
  OfferOptions,
  Purpose,
  RemoteDescription,
  ScreenOptions,
  SessionDescription,
  StreamInfo,
} from "../streams/contract.ts";
import { type ErrorCode, TrunklineError, toTrunklineError } from "../streams/errors.ts";
import { FakeBuffer } from "./fake-buffer.ts";
import { checkKeys, kindsOf } from "./fake-capture.ts";
import { FakeChannels } from "./fake-channels.ts";
import type { FakeStream, FakeTrack } from "./fake-media.ts";
import { FakePath } from "./fake-path.ts";
import type { FakeSdp } from "./fake-sdp.ts";
import { fakeStats } from "./fake-stats.ts";
import { FakeOwnStreams, FakeRemoteStreams, KINDS, type Kind } from "./fake-streams.ts";
import { FakeTalk } from "./fake-talk.ts";

export interface FakeSessionOptions {
  readonly clock: Clock;
  readonly iceServers$: Observable<readonly IceServer[]>;
  readonly refusal: (kind: Kind) => ErrorCode | undefined;
  readonly mends: () => boolean;
  /** Given the newest ICE servers each time that a session gathers. */
  readonly onGather: (iceServers: readonly IceServer[]) => void;
  readonly onOpened: (tracks: readonly FakeTrack[]) => void;
  readonly onKeys: (keys: string) => void;
  readonly onClosed: () => void;
}

/** The making of a description, until the peer's offer takes its place (P21). */
interface Attempt {
  readonly type: Description["type"];
  readonly giveWay: () => void;
  /** An answer that was prepared, until it is taken. */
  prepared?: { readonly offer: SessionDescription; readonly theirs: FakeSdp; readonly done: Promise<void> };
}

let made = 0;
export class FakeSession implements MediaSession<FakeStream> {
  readonly #options: FakeSessionOptions;
  readonly #id = `fake-${++made}`;
  readonly #own = new FakeOwnStreams(this.#id);
  readonly #remote = new FakeRemoteStreams();
  readonly #path: FakePath;
  readonly #channels: FakeChannels;
  readonly #talk: FakeTalk;
  readonly #closing: Promise<never>;
  #rejectClosing: (error: TrunklineError) => void = () => {};
  #closed = false;
  #attempt: Attempt | undefined;
  readonly #iceServers = new ReplaySubject<readonly IceServer[]>(1);
  readonly #following: Subscription;
  #devices: Promise<void> | undefined;
  #connection = false;
  readonly #warnings = new FakeBuffer<TrunklineError>();
  readonly #refused = new FakeBuffer<TrunklineError>();

  readonly localStreams$ = this.#own.shown$;
  readonly remoteStreams$ = this.#remote.shown$;
  readonly held$: FakeTalk["held$"];
  readonly negotiations$: FakeTalk["negotiations$"];
  readonly path$: FakePath["state$"];
  readonly candidates$: FakePath["candidates$"];
  readonly milestones$: FakePath["milestones$"];
  readonly channels$: FakeChannels["theirs$"];
  readonly stats$: MediaSession["stats$"];
  readonly warnings$ = this.#warnings.stream$;
  readonly refused$ = this.#refused.stream$;

  constructor(options: FakeSessionOptions) {
    const { clock, mends } = options;
    const sessionId = this.#id;
    this.#options = options;
    this.#path = new FakePath({
      sessionId,
      clock,
      mends,
      receives: () => !this.#remote.empty,
      onGather: () => this.#iceServers.pipe(take(1)).subscribe(options.onGather),
    });
    this.#channels = new FakeChannels(clock);
    this.#talk = new FakeTalk({
      clock,
      sessionId,
      own: this.#own,
      remote: this.#remote,
      path: this.#path,
      channels: this.#channels,
    });
    this.held$ = this.#talk.held$;
    this.negotiations$ = this.#talk.negotiations$;
    this.path$ = this.#path.state$;
    this.candidates$ = this.#path.candidates$;
    this.milestones$ = this.#path.milestones$;
    this.channels$ = this.#channels.theirs$;
    this.stats$ = fakeStats(this.path$, () => this.#talk.flowing, clock);
    this.#closing = new Promise((_, reject) => {
      this.#rejectClosing = reject;
    });
    this.#closing.catch(() => {});
    this.#following = options.iceServers$.subscribe(this.#iceServers);
  }

  get hasConnection(): boolean {
    return this.#connection;
  }

  /** Whether the microphone is open, and not kept from the peer by hold. */
  get sendsMicrophone(): boolean {
    return this.#own.track("m.usermedia", "audio") !== undefined && !this.held$.value.us;
  }

  offer(capture: Capture, { waitForDevices = true }: OfferOptions = {}): Promise<SessionDescription> {
    return this.#whileOpen(async () => {
      const kinds = kindsOf(capture);
      if (kinds.length === 0) {
        throw new TrunklineError("invalid_option", "The capture asks for nothing: set audio, video or both.");
      }
      if (this.#attempt) throw describedError();
      if (waitForDevices) return this.#begin("offer", kinds, () => this.#talk.offer());
      this.#own.promise(kinds, kinds);
      const offer = this.#begin("offer", [], () => this.#talk.offer());
      this.#openLater(kinds);
      return offer;
    });
  }

  prepare(offer: RemoteDescription): Promise<void> {
    return this.#whileOpen(async () => {
      if (this.#attempt) throw describedError();
      const theirs = this.#talk.readOffer(offer);
      const attempt: Attempt = { type: "answer", giveWay: () => {} };
      this.#attempt = attempt;
      const done = this.#firstServers().then(() => {
        if (this.#closed || attempt !== this.#attempt) return;
        this.#connection = true;
        this.#talk.prepare();
      });
      attempt.prepared = { offer, theirs, done };
      try {
        await done;
      } catch (thrown) {
        this.unprepare();
        throw thrown;
      }
      if (attempt === this.#attempt) this.#path.reach("prepared");
    });
  }

  unprepare(): void {
    if (this.#closed || !this.#attempt?.prepared) return;
    this.#attempt = undefined;
    this.#connection = false;
    this.#talk.unprepare();
    this.#path.tell("unprepared");
  }

  answer(offer: RemoteDescription, capture: Capture): Promise<SessionDescription> {
    return this.#whileOpen(async () => {
      const kinds = kindsOf(capture);
      const taken =
        this.#attempt?.prepared && (await this.#takePrepared(this.#attempt.prepared, offer, kinds));
      if (taken) return taken;
      if (this.#attempt?.type === "answer" || this.#talk.begun) throw describedError();
      this.#giveWay();
      const theirs = this.#talk.readOffer(offer);
      const room = roomIn(theirs);
      return this.#begin("answer", kinds.filter(room), () => {
        const without = KINDS.filter((kind) => !room(kind));
        this.#stop("m.usermedia", without);
        return this.#talk.answer(theirs, offer.streams);
      });
    });
  }

  accept(answer: RemoteDescription): Promise<void> {
    return this.#whileOpen(async () => this.#talk.accept(answer));
  }

  addCandidates(candidates: readonly Candidate[]): void {
    if (!this.#closed) this.#path.addCandidates(candidates);
  }

  describeRemote(streams: readonly StreamInfo[]): void {
    this.#remote.describe(streams);
  }

  negotiate(theirs: SessionDescription): Promise<void> {
    return this.#whileOpen(async () => this.#talk.negotiate(theirs));
  }

  mute(muted: { readonly audio?: boolean; readonly video?: boolean }): void {
    this.#own.mute(muted);
  }

  change(capture: Capture, _options: ChangeOptions = {}): Promise<void> {
    return this.#whileOpen(async () => {
      await this.#begun();
      const stays = (kind: Kind) => capture[kind] === true && this.#own.track("m.usermedia", kind);
      const wanted = kindsOf(capture).filter((kind) => !stays(kind));
      this.#open("m.usermedia", wanted);
      this.#stop(
        "m.usermedia",
        KINDS.filter((kind) => capture[kind] === false),
      );
    });
  }

  shareScreen({ audio = false }: ScreenOptions = {}): Promise<void> {
    return this.#whileOpen(async () => {
      await this.#begun();
      this.#open("m.screenshare", audio ? KINDS : ["video"]);
      if (!audio) this.#stop("m.screenshare", ["audio"]);
    });
  }

  stopSharing(): void {
    this.#stop("m.screenshare", KINDS);
  }

  hold(on: boolean): void {
    if (!this.#closed && this.held$.value.us !== on) this.#talk.hold(on);
  }

  restartIce(): void {
    if (!this.#closed && this.#connection) this.#talk.restart();
  }

  sendDtmf(keys: string): void {
    checkKeys(keys);
    if (this.path$.value !== "connected" || !this.#talk.flowing.sent.includes("audio")) {
      throw new TrunklineError("wrong_state", "No sound to send keys with: connect with audio first.");
    }
    this.#options.onKeys(keys);
  }

  openChannel(label: string): Channel {
    this.#assertOpen();
    const channel = this.#channels.open(label);
    this.#talk.need();
    return channel;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#rejectClosing(closedError());
    this.#own.close();
    this.#remote.close();
    this.#channels.close();
    this.#talk.close();
    this.#path.close();
    this.#warnings.complete();
    this.#refused.complete();
    this.#following.unsubscribe();
    this.#iceServers.complete();
    this.#options.onClosed();
  }

  #firstServers(): Promise<readonly IceServer[]> {
    return firstValueFrom(this.#iceServers, { defaultValue: [] });
  }

  /** Moves the path, where there is a connection to have one. */
  setPath(state: "connected" | "disconnected" | "failed"): void {
    if (this.#connection) this.#path.move(state);
  }

  /** Gives out what was prepared for this offer, unless it is of no use; the devices open beside. */
  async #takePrepared(
    prepared: NonNullable<Attempt["prepared"]>,
    offer: SessionDescription,
    kinds: readonly Kind[],
  ): Promise<SessionDescription | undefined> {
    const { theirs } = prepared;
    const offered = KINDS.filter(roomIn(theirs));
    const tells = offer.streams !== undefined || offered.every((kind) => kinds.includes(kind));
    if (!tells || prepared.offer.description.sdp !== offer.description.sdp) this.unprepare();
    else await prepared.done.catch(() => {});
    this.#assertOpen();
    if (this.#attempt?.prepared !== prepared) return undefined;
    delete this.#attempt.prepared;
    const wanted = kinds.filter(roomIn(theirs));
    this.#own.promise(wanted, offered);
    const answer = this.#talk.answer(theirs, offer.streams);
    this.#path.reach("description_made");
    this.#openLater(wanted);
    return answer;
  }

  /** Opens devices that a description has promised. */
  #openLater(kinds: readonly Kind[]): void {
    this.#devices = this.#openDevices(kinds);
    this.#devices.catch((thrown: unknown) => this.#refused.next(toTrunklineError(thrown)));
  }

  /** Opens the devices beside the ICE servers; then describes. */
  #begin(
    type: Attempt["type"],
    kinds: readonly Kind[],
    describe: () => SessionDescription,
  ): Promise<SessionDescription> {
    return new Promise((resolve, reject) => {
      const giveWay = () =>
        reject(new TrunklineError("closed", "The peer's call came first: answer that one."));
      const attempt: Attempt = { type, giveWay };
      this.#attempt = attempt;
      this.#devices ??= this.#openDevices(kinds);
      const connecting = this.#firstServers().then(() => {
        this.#connection ||= attempt === this.#attempt;
      });
      if (this.#own.track("m.usermedia", "audio") ?? this.#own.track("m.usermedia", "video")) {
        this.#path.reach("media_opened");
      }
      Promise.all([connecting, this.#devices])
        .then(() => {
          this.#assertOpen();
          if (attempt !== this.#attempt) return;
          resolve(describe());
          this.#path.reach("description_made");
        })
        .catch((thrown: unknown) => {
          if (type === "answer" && attempt === this.#attempt && !this.#closed) this.#undo();
          reject(thrown);
        });
    });
  }

  /** An answer could not be made: it may be tried again. */
  #undo(): void {
    this.#attempt = undefined;
    this.#devices = undefined;
    this.#connection = false;
    this.#talk.unprepare();
    this.#stop("m.usermedia", KINDS);
  }

  #giveWay(): void {
    if (!this.#attempt) return;
    this.#attempt.giveWay();
    this.#talk.giveWay();
  }

  /** Throws `wrong_state` before there is anything to change; waits for what is being made. */
  async #begun(): Promise<void> {
    if (!this.#attempt || this.#attempt.prepared) {
      throw new TrunklineError("wrong_state", "Nothing to change yet: make an offer or an answer first.");
    }
    await this.#devices;
    this.#assertOpen();
  }

  /** Opens the devices of a call: it goes on without a camera, but not without a microphone that was asked for. */
  async #openDevices(kinds: readonly Kind[]): Promise<void> {
    const camera = kinds.length > 1 && !this.#refusal("audio") ? this.#refusal("video") : undefined;
    this.#open("m.usermedia", camera ? ["audio"] : kinds);
    if (!camera) return;
    this.#own.keep(["video"]);
    this.#warnings.next(camera);
  }

  #refusal(kind: Kind): TrunklineError | undefined {
    const code = this.#options.refusal(kind);
    return code && new TrunklineError(code, `The fake ${kind} device refuses.`, { kind });
  }

  #open(purpose: Purpose, kinds: readonly Kind[]): void {
    if (kinds.length === 0) return;
    for (const kind of kinds) {
      const refusal = this.#refusal(kind);
      if (refusal) throw refusal;
    }
    this.#options.onOpened(this.#own.open(purpose, kinds));
    this.#own.show();
    this.#path.reach("media_opened");
    this.#talk.need();
  }

  #stop(purpose: Purpose, kinds: readonly Kind[]): void {
    this.#own.stop(purpose, kinds);
    this.#own.show();
    this.#talk.need();
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

/** Whether a description has a section of a kind. */
function roomIn(theirs: FakeSdp): (kind: Kind) => boolean {
  return (kind) => theirs.sections.some((section) => section.kind === kind);
}

function describedError(): TrunklineError {
  return new TrunklineError("wrong_state", "One description a session: open one for each call.");
}

function closedError(): TrunklineError {
  return new TrunklineError("closed", "The call has ended.");
}
