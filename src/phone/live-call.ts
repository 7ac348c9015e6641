import {
  BehaviorSubject,
  distinctUntilChanged,
  map,
  type Observable,
  ReplaySubject,
  Subscription,
  skip,
} from "rxjs";
import type {
  CallRef,
  Capture,
  Clock,
  Command,
  End,
  HangupReason,
  MediaSession,
  MilestoneName,
  Party,
  PathState,
  SessionDescription,
  Signal,
  StreamInfo,
  TraceEntry,
} from "../streams/contract.ts";
import { fromErrorData, toErrorData, toTrunklineError } from "../streams/errors.ts";
import type { Call, CallEnd, CallState, Muted } from "./call.ts";
import { checkCapture } from "./options.ts";

/** How much of a call's story is kept for those who ask late. */
const STORY_LENGTH = 500;

/** A command of a call, without the names of the call. */
type Say = Command extends infer C ? (C extends Command ? Omit<C, keyof CallRef> : never) : never;

/** What a call is given to work with. */
export interface CallParts<TStream> extends CallRef {
  readonly direction: "outgoing" | "incoming";
  readonly peer?: Party;
  readonly session: MediaSession<TStream>;
  readonly clock: Clock;
  readonly dispatch: (command: Command) => Promise<void>;
  readonly onTrace: (entry: TraceEntry) => void;
}

/** Joins one call's signalling to its media: descriptions and candidates out, signals in. */
export class LiveCall<TStream> implements Call<TStream> {
  readonly roomId: string;
  readonly callId: string;
  readonly direction: "outgoing" | "incoming";
  readonly localStreams$: Call<TStream>["localStreams$"];
  readonly remoteStreams$: Call<TStream>["remoteStreams$"];
  readonly state$: Observable<CallState>;
  readonly peer$: Observable<Party | undefined>;
  readonly muted$: Observable<Muted>;
  readonly trace$: Observable<TraceEntry>;
  readonly ended: Promise<CallEnd>;

  readonly #parts: CallParts<TStream>;
  readonly #session: MediaSession<TStream>;
  readonly #life = new Subscription();
  readonly #state: BehaviorSubject<CallState>;
  readonly #peer: BehaviorSubject<Party | undefined>;
  readonly #muted = new BehaviorSubject<Muted>({ audio: false, video: false });
  readonly #story = new ReplaySubject<TraceEntry>(STORY_LENGTH);
  #settle: (end: CallEnd) => void = () => {};
  #offer: SessionDescription | undefined;
  #wasConnected = false;

  constructor(parts: CallParts<TStream>, offer?: SessionDescription) {
    this.#parts = parts;
    this.#session = parts.session;
    this.roomId = parts.roomId;
    this.callId = parts.callId;
    this.direction = parts.direction;
    this.#offer = offer;
    this.#state = new BehaviorSubject<CallState>(parts.direction === "incoming" ? "ringing" : "preparing");
    this.#peer = new BehaviorSubject(parts.peer);
    this.state$ = this.#state.pipe(distinctUntilChanged());
    this.peer$ = this.#peer.asObservable();
    this.muted$ = this.#muted.asObservable();
    this.trace$ = this.#story.asObservable();
    this.localStreams$ = this.#session.localStreams$;
    this.remoteStreams$ = this.#session.remoteStreams$;
    this.ended = new Promise((resolve) => {
      this.#settle = resolve;
    });
    this.#life.add(this.#session.path$.subscribe((path) => this.#follow(path)));
    this.#life.add(this.#session.milestones$.subscribe(({ name, at }) => this.#reach(name, at)));
  }

  get state(): CallState {
    return this.#state.value;
  }

  /** Sets an outgoing call on its way. */
  place(capture: Capture, options: { readonly invitee?: string; readonly lifetime?: number }): void {
    this.#reach("place");
    this.#attempt(async () => {
      const placed = this.#say({ type: "place", ...options });
      const [offer] = await Promise.all([this.#session.offer(capture), placed]);
      if (this.state !== "preparing") return;
      this.#state.next("inviting");
      await this.#describe({ type: "invite", ...offer });
    });
  }

  answer(capture: Capture): void {
    checkCapture(capture);
    const offer = this.#offer;
    if (this.state !== "ringing" || !offer) return;
    this.#reach("accept");
    this.#state.next("connecting");
    this.#attempt(async () => {
      const answer = await this.#session.answer(offer, capture);
      if (this.state !== "ended") await this.#describe({ type: "answer", ...answer });
    });
  }

  reject(): void {
    if (this.direction === "incoming" && this.state === "ringing") {
      this.#endWith({ type: "reject" }, { by: "us", reason: "rejected" });
    }
  }

  hangup(): void {
    if (this.direction === "incoming" && this.state === "ringing") this.reject();
    else this.#hangup("user_hangup", { by: "us", reason: "user_hangup" });
  }

  mute(muted: Partial<Muted>): void {
    if (this.state === "ended") return;
    this.#muted.next({ ...this.#muted.value, ...muted });
    this.#session.mute(muted);
  }

  /** Takes what the engine says of this call. */
  receive(signal: Signal): void {
    switch (signal.type) {
      case "invited":
        if (this.state === "inviting") this.#state.next("ringing");
        break;
      case "answered":
        this.#peer.next(signal.peer);
        if (this.state !== "ended") this.#state.next("connecting");
        this.#attempt(() => this.#session.accept(signal));
        break;
      case "candidates":
        this.#session.addCandidates(signal.candidates);
        break;
      case "streams":
        this.#session.describeRemote(signal.streams);
        break;
      case "trace":
        this.#tell(signal.entry);
        break;
      case "ended":
        this.end(signal.end);
        this.forget();
    }
  }

  /** No more will be told of it. */
  forget(): void {
    this.#story.complete();
  }

  /** Ends this side: the microphone and the camera first. The story may go on until the engine is done. */
  end(end: End): void {
    if (this.state === "ended") return;
    this.#session.close();
    this.#life.unsubscribe();
    this.#state.next("ended");
    for (const subject of [this.#state, this.#peer, this.#muted]) subject.complete();
    const { error, ...rest } = end;
    this.#settle({ ...rest, ...(error && { error: fromErrorData(error) }) });
  }

  /** Sends a description; what belongs to it may follow from then on, in order behind it. */
  async #describe(command: Extract<Say, { type: "invite" | "answer" }>): Promise<void> {
    const said = this.#say(command);
    this.#life.add(
      this.#session.candidates$.subscribe((candidate) => this.#mention({ type: "candidate", candidate })),
    );
    this.#life.add(
      this.localStreams$
        .pipe(map(describeStreams), distinctUntilChanged(sameJson), skip(1))
        .subscribe((streams) => this.#mention({ type: "streams", streams })),
    );
    await said;
  }

  /** Does what the call depends on: its failure ends the call, and the peer is told why (P17). */
  #attempt(work: () => Promise<void>): void {
    work().catch((thrown: unknown) => {
      const error = toTrunklineError(thrown);
      const reason = error.code.startsWith("media_") ? "user_media_failed" : "unknown_error";
      this.#hangup(reason, { by: "system", reason, error: toErrorData(error) });
    });
  }

  #hangup(reason: HangupReason, end: End): void {
    this.#endWith({ type: "hangup", reason }, end);
  }

  #endWith(command: Say, end: End): void {
    if (this.state === "ended") return;
    this.end(end);
    const done = () => this.forget();
    this.#say(command).then(done, done);
  }

  #say(command: Say): Promise<void> {
    const { roomId, callId } = this;
    return this.#parts.dispatch({ roomId, callId, ...command } as Command);
  }

  /** Says what the call can do without: if it cannot be sent, the call goes on. */
  #mention(command: Say): void {
    this.#say(command).catch(() => {});
  }

  #follow(path: PathState): void {
    if (this.state === "ended") return;
    if (path === "connected") {
      this.#wasConnected = true;
      this.#state.next("connected");
    } else if (path === "disconnected" && this.#wasConnected) this.#state.next("reconnecting");
    else if (path === "failed") {
      const reason = this.#wasConnected ? "ice_timeout" : "ice_failed";
      this.#hangup(reason, { by: "system", reason });
    }
  }

  #reach(name: MilestoneName, at = this.#parts.clock.now()): void {
    this.#tell({ kind: "milestone", name, at });
  }

  #tell(entry: TraceEntry): void {
    this.#story.next(entry);
    this.#parts.onTrace(entry);
  }
}

const describeStreams = (streams: readonly StreamInfo[]): StreamInfo[] =>
  streams.map(({ id, purpose, audioMuted, videoMuted }) => ({ id, purpose, audioMuted, videoMuted }));

const sameJson = <T>(a: T, b: T): boolean => JSON.stringify(a) === JSON.stringify(b);
