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
  RemoteDescription,
  ScreenOptions,
  SessionDescription,
  StreamInfo,
} from "../streams/contract.ts";
import { TrunklineError, toTrunklineError } from "../streams/errors.ts";
import { FakeBuffer } from "./fake-buffer.ts";
import { checkKeys, kindsOf } from "./fake-capture.ts";
import { FakeChannels } from "./fake-channels.ts";
import { type FakeDeviceOptions, FakeDevices } from "./fake-devices.ts";
import type { FakeStream } from "./fake-media.ts";
import { FakePath } from "./fake-path.ts";
import { type FakeSdp, receives } from "./fake-sdp.ts";
import { fakeStats } from "./fake-stats.ts";
import { FakeOwnStreams, FakeRemoteStreams, KINDS, type Kind } from "./fake-streams.ts";
import { FakeTalk } from "./fake-talk.ts";

export interface FakeSessionOptions extends FakeDeviceOptions {
  readonly clock: Clock;
  readonly iceServers$: Observable<readonly IceServer[]>;
  /** Whether devices are known to open. */
  readonly knowsDevices: () => boolean;
  readonly mends: () => boolean;
  /** Given the newest ICE servers each time that a session gathers. */
  readonly onGather: (iceServers: readonly IceServer[]) => void;
  readonly onKeys: (keys: string) => void;
  readonly onClosed: () => void;
}

/** The making of a description, until the peer's offer takes its place (P21). */
interface Attempt {
  readonly type: Description["type"];
  readonly giveWay: () => void;
  /** An answer that was prepared, until it is taken. */
  prepared?: {
    readonly offer: SessionDescription;
    readonly theirs: FakeSdp;
    readonly done: Promise<void>;
    readonly ready: boolean;
  };
}

let made = 0;
export class FakeSession implements MediaSession<FakeStream> {
  readonly #options: FakeSessionOptions;
  readonly #id = `fake-${++made}`;
  readonly #own: FakeOwnStreams;
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
  readonly #devices: FakeDevices;
  #opening: Promise<void> | undefined;
  #connection = false;
  readonly #refused = new FakeBuffer<TrunklineError>();

  readonly localStreams$: FakeOwnStreams["shown$"];
  readonly remoteStreams$ = this.#remote.shown$;
  readonly held$: FakeTalk["held$"];
  readonly negotiations$: FakeTalk["negotiations$"];
  readonly path$: FakePath["state$"];
  readonly candidates$: FakePath["candidates$"];
  readonly milestones$: FakePath["milestones$"];
  readonly channels$: FakeChannels["theirs$"];
  readonly stats$: MediaSession["stats$"];
  readonly warnings$: FakeDevices["warnings$"];
  readonly refused$ = this.#refused.stream$;

  constructor(options: FakeSessionOptions) {
    const { clock, mends } = options;
    const sessionId = this.#id;
    this.#options = options;
    this.#own = new FakeOwnStreams(sessionId, options.isSilent);
    this.#devices = new FakeDevices(this.#own, options, () => {
      if (this.#own.track("m.usermedia", "audio") ?? this.#own.track("m.usermedia", "video")) {
        this.#path.reach("media_opened");
      }
      this.#talk.need();
    });
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
      onUnreceived: () => {
        if (this.#own.track("m.usermedia", "video")) this.#devices.stop("m.usermedia", ["video"]);
      },
    });
    this.localStreams$ = this.#own.shown$;
    this.warnings$ = this.#devices.warnings$;
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
    return this.#own.track("m.usermedia", "audio")?.readyState === "live" && !this.held$.value.us;
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
      this.#opening = this.#devices.openFirst(kinds, () => !this.#closed);
      this.#opening.catch((thrown: unknown) => this.#refused.next(toTrunklineError(thrown)));
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
      const prepared = { offer, theirs, done, ready: false };
      attempt.prepared = prepared;
      try {
        await done;
      } catch (thrown) {
        this.unprepare();
        throw thrown;
      }
      prepared.ready = true;
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
      const { prepared } = this.#attempt ?? {};
      const taken = prepared && (await this.#takePrepared(prepared, offer, kinds));
      if (taken) return taken;
      if (this.#attempt?.type === "answer" || this.#talk.begun) throw describedError();
      this.#giveWay();
      const theirs = this.#talk.readOffer(offer);
      const room = takenBy(theirs);
      return this.#begin("answer", kinds.filter(room), () => {
        const without = KINDS.filter((kind) => !room(kind));
        this.#devices.stop("m.usermedia", without);
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

  change(capture: Capture, options: ChangeOptions = {}): Promise<void> {
    return this.#whileOpen(async () => {
      await this.#begun();
      const stays = (kind: Kind) =>
        capture[kind] === true && this.#own.track("m.usermedia", kind)?.readyState === "live";
      const wanted = kindsOf(capture).filter((kind) => !stays(kind));
      this.#talk.admit("m.usermedia", wanted);
      await this.#devices.open("m.usermedia", wanted, options, () => !this.#closed);
      this.#devices.stop(
        "m.usermedia",
        KINDS.filter((kind) => capture[kind] === false),
      );
    });
  }

  shareScreen({ audio = false, ...options }: ScreenOptions = {}): Promise<void> {
    const share = async (isWanted: () => boolean) => {
      await this.#begun();
      this.#talk.admit("m.screenshare", ["video"]);
      this.#own.inPlace &&= this.#own.track("m.screenshare", "video") !== undefined;
      this.#own.inPlace ||= this.#talk.oneStream;
      // One stream has one sound: the microphone's.
      const kinds = audio && !this.#own.inPlace ? KINDS : (["video"] as const);
      await this.#devices.open("m.screenshare", kinds, options, () => isWanted() && !this.#closed);
      if (!audio) this.#own.stop("m.screenshare", ["audio"]);
    };
    return this.#whileOpen(() => this.#devices.share(share));
  }

  stopSharing(): void {
    this.#devices.stop("m.screenshare", KINDS);
  }

  /** The devices of this kind are unplugged, or plugged in again. */
  lose(kind: Kind): void {
    this.#devices.lose(kind);
  }

  recover(kind: Kind): void {
    this.#devices.recover(kind);
  }

  show(): void {
    this.#own.show();
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
    this.#talk.admit("channel");
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
    this.#devices.close();
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
    const wanted = kinds.filter(takenBy(theirs));
    const isKnown = wanted.length === 0 || this.#options.knowsDevices();
    // Where it may be refused, nothing leaves before it has opened.
    if (!isKnown) await this.#openFirst(wanted);
    this.#assertOpen();
    const devices = prepared.ready ? undefined : this.#openFirst(wanted);
    const tells = offer.streams !== undefined || offered.every((kind) => kinds.includes(kind));
    if (!tells || prepared.offer.description.sdp !== offer.description.sdp) this.unprepare();
    else {
      await prepared.done.catch(() => {});
      // What is refused before the answer leaves counts.
      await Promise.race([devices, undefined]);
    }
    this.#assertOpen();
    if (this.#attempt?.prepared !== prepared) return undefined;
    delete this.#attempt.prepared;
    this.#own.promise(wanted, offered);
    const answer = this.#talk.answer(theirs, offer.streams);
    this.#path.reach("description_made");
    this.#openFirst(wanted, false).catch((thrown: unknown) => {
      if (this.#closed) return;
      this.#own.miss();
      this.#devices.warn(toTrunklineError(thrown));
    });
    return answer;
  }

  /** Opens the devices of a call the first time; where they do not open, the next time is the first. */
  #openFirst(kinds: readonly Kind[], essential = true): Promise<void> {
    const opening = this.#opening ?? this.#devices.openFirst(kinds, () => !this.#closed, essential);
    this.#opening = opening;
    opening.catch(() => {
      this.#opening = undefined;
    });
    return opening;
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
      const opening = this.#openFirst(kinds);
      const connecting = this.#firstServers().then(() => {
        this.#connection ||= attempt === this.#attempt;
      });
      Promise.all([connecting, opening])
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
    this.#opening = undefined;
    this.#connection = false;
    this.#talk.unprepare();
    this.#devices.stop("m.usermedia", KINDS);
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
    await this.#opening;
    this.#assertOpen();
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

/** The same, and of video only where it would be received. */
function takenBy(theirs: FakeSdp): (kind: Kind) => boolean {
  return (kind) =>
    theirs.sections.some((section) => section.kind === kind && (kind === "audio" || receives(section)));
}

function describedError(): TrunklineError {
  return new TrunklineError("wrong_state", "One description a session: open one for each call.");
}

function closedError(): TrunklineError {
  return new TrunklineError("closed", "The call has ended.");
}
