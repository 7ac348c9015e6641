import { firstValueFrom, ReplaySubject, Subscription, skip, timer } from "rxjs";
import type {
  AssertedIdentity,
  CallRef,
  Capabilities,
  Capture,
  End,
  HangupReason,
  MediaSession,
  MilestoneName,
  Party,
  PathState,
  RemoteDescription,
  SessionDescription,
  Signal,
  TraceEntry,
} from "../streams/contract.ts";
import { fromErrorData, TrunklineError, toErrorData, toTrunklineError } from "../streams/errors.ts";
import { Latest } from "../streams/latest.ts";
import type { CallEnd, CallState, Muted, TransferRequest } from "./call.ts";
import type { CallParts, Incoming } from "./call-parts.ts";
import { recovery } from "./recovery.ts";
import { unawaited } from "./unawaited.ts";
import { type Say, Voice } from "./voice.ts";

/** A call that rings stops this much later, in ms, than its engine should have said, which may be lost. */
const EXPIRY_GRACE_MS = 2_000;
/** How many warnings are kept for late subscribers. */
const WARNINGS_LENGTH = 20;
/** How much of a call's trace is kept for late subscribers. */
const TRACE_LENGTH = 500;

/** The way of one call from its beginning to its end: descriptions out and in, the path, and what becomes of both. */
export class Course<TStream> {
  readonly state$: Latest<CallState>;
  readonly peer$ = new Latest<Party | undefined>(undefined);
  readonly capabilities$ = new Latest<Capabilities>({ transferee: false, dtmf: false });
  readonly identity$ = new Latest<AssertedIdentity>({});
  readonly muted$ = new Latest<Muted>({ audio: false, video: false });
  readonly transfers$ = new ReplaySubject<TransferRequest>(1);
  readonly warnings$ = new ReplaySubject<TrunklineError>(WARNINGS_LENGTH);
  /** Goes on when the call has ended, until the engine is done with it. */
  readonly trace$ = new ReplaySubject<TraceEntry>(TRACE_LENGTH);
  protected readonly voice: Voice;
  protected readonly parts: CallParts<TStream>;
  protected readonly session: MediaSession<TStream>;
  readonly ended: Promise<CallEnd>;
  /** What it was placed or answered with. */
  capture: Capture = {};
  protected negotiable = false;
  readonly #life = new Subscription();
  /** Emits when there are other ICE servers than those that the connection was made with. */
  readonly #late$ = new ReplaySubject<unknown>(1);
  #ref: CallRef;
  #settle: (end: CallEnd) => void = () => {};
  /** The peer's, where the call is theirs. */
  #offer: RemoteDescription | undefined;
  #answering: Promise<void> | undefined;
  /** Whether the engine was given our answer. */
  #answerSent = false;

  constructor(ref: CallRef, parts: CallParts<TStream>, theirs: Incoming | undefined) {
    const { session } = parts;
    this.#ref = ref;
    this.parts = parts;
    this.session = session;
    this.state$ = new Latest<CallState>(theirs ? "ringing" : "preparing");
    this.voice = new Voice(ref, session, parts.dispatch);
    this.ended = new Promise((resolve) => {
      this.#settle = resolve;
    });
    if (theirs) this.#meet(theirs);
    this.#life.add(parts.iceServers$.pipe(skip(1)).subscribe(this.#late$));
    this.#life.add(session.path$.subscribe((path) => this.#follow(path)));
    this.#life.add(session.milestones$.subscribe(({ name, at }) => this.#reach(name, at)));
    this.#life.add(session.warnings$.subscribe((warning) => this.warnings$.next(warning)));
    this.#life.add(session.refused$.subscribe((refusal) => this.#fail(refusal)));
    this.voice.listen();
  }

  get callId(): string {
    return this.#ref.callId;
  }

  get state(): CallState {
    return this.state$.value;
  }

  /** Whether the call is theirs, and rings, or its answer is still being made: it can be declined, and rings elsewhere. */
  protected get isUnanswered(): boolean {
    return this.#offer !== undefined && !this.#answerSent;
  }

  /** Sets an outgoing call on its way. */
  protected start(
    capture: Capture,
    options: { readonly invitee?: string; readonly lifetime?: number },
    waitForDevices: boolean,
  ): void {
    const { session } = this;
    const { floor } = this.parts;
    const { invitee } = options;
    this.capture = capture;
    if (invitee !== undefined) this.peer$.next({ userId: invitee });
    this.#reach("place");
    floor.take(session);
    this.#attempt(async () => {
      const placed = this.voice.say({ type: "place", ...options });
      const [offer] = await Promise.all([session.offer(capture, { waitForDevices }), placed]);
      if (this.state !== "preparing") return;
      this.#become("inviting");
      await this.voice.describe({ type: "invite", ...offer });
    });
  }

  /** Has the answer made while it rings: where that cannot be, the media half says so, and makes it later. */
  prepare(): void {
    if (this.#offer) this.session.prepare(this.#offer).catch(() => {});
  }

  /** As `Call.answer()`. */
  protected accept(capture: Capture): Promise<void> {
    if (this.#offer && this.state === "ringing" && !this.#answering) {
      // Whoever observes what it does may answer again.
      this.#answering = Promise.resolve();
      this.#answering = unawaited(this.#accept(this.#offer, capture));
    }
    return this.#answering ?? Promise.resolve();
  }

  protected answered(signal: Extract<Signal, { type: "answered" }>): void {
    if (this.state === "ended") return;
    this.peer$.next(signal.peer);
    this.capabilities$.next(signal.capabilities);
    this.negotiable = signal.negotiable;
    this.#become("connecting");
    this.#recover();
    this.#attempt(() => this.session.accept(signal));
  }

  /**
   * Our call and theirs have crossed, and theirs goes on (P21): accepted at once, with the media that is open. It has
   * the floor if ours had it.
   */
  becomes(theirs: Incoming): void {
    this.#ref = { roomId: this.#ref.roomId, callId: theirs.callId };
    this.voice.speakFor(this.#ref);
    const offer = this.#meet(theirs);
    this.#reach("accept");
    this.#become("connecting");
    this.#attempt(async () => this.#sendAnswer(await this.session.answer(offer, this.capture)));
  }

  /** Ends this side; a call that is not answered rings on at our other devices and tabs (P48). */
  leave(): void {
    if (this.isUnanswered) {
      this.voice.mention({ type: "release" });
      this.end({ by: "us", reason: "user_hangup" });
    } else this.hangupFor("us", "user_hangup");
  }

  protected hangupFor(by: End["by"], reason: HangupReason, error?: TrunklineError): void {
    this.endWith({ type: "hangup", reason }, { by, reason, ...(error && { error: toErrorData(error) }) });
  }

  /** Ends this side first, then tells the peer. */
  protected endWith(command: Say, end: End): void {
    if (this.state === "ended") return;
    this.end(end);
    const done = () => this.forget();
    this.voice.say(command).then(done, done);
  }

  /** Ends this side: the microphone and the camera first. The story may go on until the engine is done. */
  end(end: End): void {
    if (this.state === "ended") return;
    const { session } = this;
    const { floor } = this.parts;
    this.voice.close();
    session.close();
    floor.drop(session);
    this.#life.unsubscribe();
    this.#become("ended");
    const { state$, peer$, capabilities$, identity$, muted$, transfers$, warnings$ } = this;
    for (const fact$ of [state$, peer$, capabilities$, identity$, muted$, transfers$, warnings$])
      fact$.complete();
    const { error, ...rest } = end;
    this.#settle({ ...rest, ...(error && { error: fromErrorData(error) }) });
  }

  /** No more will be told of it. */
  forget(): void {
    this.trace$.complete();
  }

  protected tell(entry: TraceEntry): void {
    this.trace$.next(entry);
    this.parts.onTrace(this.#ref, entry);
  }

  /** Does what the call depends on: its failure ends the call. */
  #attempt(work: () => Promise<void>): Promise<void> {
    const attempted = this.#ref;
    const attempting = work().catch((thrown: unknown) => {
      // What it was for may have been replaced (P21).
      if (this.#ref === attempted) this.#fail(toTrunklineError(thrown));
      throw thrown;
    });
    return unawaited(attempting);
  }

  /** Until the answer is made, the call rings on for all but our other tabs. */
  async #accept(offer: RemoteDescription, capture: Capture): Promise<void> {
    const { session } = this;
    const { floor } = this.parts;
    this.capture = capture;
    this.#reach("accept");
    this.voice.mention({ type: "claim" });
    floor.take(session);
    this.#become("connecting");
    let answer: SessionDescription;
    try {
      answer = await session.answer(offer, capture);
    } catch (thrown) {
      this.#answering = undefined;
      if (this.state !== "ended") {
        floor.drop(session);
        this.voice.mention({ type: "release" });
        this.#become("ringing");
      }
      throw thrown;
    }
    await this.#attempt(() => this.#sendAnswer(answer));
  }

  async #sendAnswer(answer: SessionDescription): Promise<void> {
    if (this.state === "ended") throw new TrunklineError("closed", "The call has ended.");
    this.#answerSent = true;
    this.#recover();
    await this.voice.describe({ type: "answer", ...answer });
  }

  /** Ends the call, and tells the peer why (P17). */
  #fail(error: TrunklineError): void {
    const reason = error.code.startsWith("media_") ? "user_media_failed" : "unknown_error";
    this.hangupFor("system", reason, error);
  }

  #meet(theirs: Incoming): RemoteDescription {
    this.peer$.next(theirs.peer);
    this.capabilities$.next(theirs.capabilities);
    this.negotiable = theirs.negotiable;
    this.#offer = theirs;
    const expiry$ = timer(theirs.remaining + EXPIRY_GRACE_MS, this.parts.clock);
    this.#life.add(
      expiry$.subscribe(() => {
        if (!this.isUnanswered) return;
        this.end({ by: "system", reason: "invite_timeout" });
        this.forget();
      }),
    );
    return theirs;
  }

  /** Answered by one side or the other: from now on there is to be a path. */
  #recover(): void {
    const recovering = recovery(this.session.path$, {
      caller: this.#offer === undefined,
      clock: this.parts.clock,
      late$: this.#late$,
    });
    this.#life.add(
      recovering.subscribe((what) => {
        if (what === "restart") this.#restart();
        else this.hangupFor("system", what === "lost" ? "ice_timeout" : "ice_failed");
      }),
    );
  }

  /** Asks for a new path, once there are credentials that have not expired (P29). */
  #restart(): void {
    if (!this.negotiable) return;
    this.#attempt(async () => {
      await firstValueFrom(this.parts.iceServers$);
      if (this.state === "reconnecting" || this.state === "connecting") this.session.restartIce();
    });
  }

  #follow(path: PathState): void {
    if (path === "connected") this.#become("connected");
    else if (this.state === "connected") this.#become("reconnecting");
    // One that is only disturbed may still come back.
    if (path === "connected" || path === "failed")
      this.voice.mention({ type: "path", alive: path === "connected" });
  }

  #become(state: CallState): void {
    if (state !== this.state) this.state$.next(state);
  }

  #reach(name: MilestoneName, at = this.parts.clock.now()): void {
    this.tell({ kind: "milestone", name, at });
  }
}
