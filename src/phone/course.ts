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
import type { CallEnd, CallState, Muted, Offers, TransferRequest } from "./call.ts";
import type { CallParts, Incoming } from "./call-parts.ts";
import { keepPath } from "./keep-path.ts";
import { offersOf } from "./offers.ts";
import type { Shown } from "./recovery.ts";
import { unawaited } from "./unawaited.ts";
import { type Say, Voice } from "./voice.ts";

/** A call that is not answered ends this much later, in ms, than its engine should end it, which may be lost. */
const EXPIRY_GRACE_MS = 2_000;
/** How many warnings are kept for late subscribers. */
const WARNINGS_LENGTH = 20;
/** How much of a call's trace is kept for late subscribers. */
const TRACE_LENGTH = 500;

/** How long an invite is good for at most, in ms: where the app does not say, only the engine knows (P7). */
const MAX_LIFETIME_MS = 600_000;
/** How many signals of a call that crossed ours are kept (P44). */
const MAX_CROSSED = 64;

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
  /** The kinds of media that it was offered with. */
  offers: Offers = { audio: false, video: false };
  /** What the peer has shown of itself; undefined until its first description is there. */
  protected shown: Shown | undefined;
  readonly #life = new Subscription();
  /** Emits when there are other ICE servers than those that the connection was made with. */
  readonly #late$ = new ReplaySubject<unknown>(1);
  #ref: CallRef;
  #settle: (end: CallEnd) => void = () => {};
  /** The peer's, where the call is theirs. */
  #offer: RemoteDescription | undefined;
  #answering: Promise<void> | undefined;
  /** Our offer or answer, while it is being made. */
  #describing: Promise<unknown> | undefined;
  /** Whether the engine was given our answer. */
  #answerSent = false;
  /** What the engine has emitted of a call of theirs that took the place of ours (P21), until it is answered. */
  #crossed: Signal[] = [];
  #expiresAt = 0;
  #expiry = Subscription.EMPTY;
  /** What keeps the path: loaded while the call is being made, or rings, so that it is there when there is a path to keep. */
  readonly #recovery = unawaited(import("./recovery.ts"));

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
    const expire = () => this.#expireIn(options.lifetime ?? MAX_LIFETIME_MS);
    expire();
    this.#attempt(async () => {
      const placed = this.voice.say({ type: "place", ...options });
      const offering = this.#describe(session.offer(capture, { waitForDevices }));
      const [offer] = await Promise.all([offering, placed]);
      if (this.state !== "preparing") return;
      this.offers = offersOf(offer);
      expire();
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
    this.shown = signal;
    this.#become("connecting");
    this.#recover();
    this.#attempt(() => this.session.accept(signal));
  }

  /**
   * Our call and theirs have crossed, and theirs goes on (P21): accepted at once with the media that is open, or once
   * it is, which shows that the user is there. It has the floor if ours had it.
   */
  becomes(theirs: Incoming): void {
    this.#ref = { roomId: this.#ref.roomId, callId: theirs.callId };
    this.voice.speakFor(this.#ref);
    this.#crossed = [theirs];
    const offer = this.#meet(theirs);
    this.#reach("accept");
    this.#become("connecting");
    this.#answering = unawaited(this.#answer(offer));
  }

  /** Keeps what the engine emits of a call of theirs that may yet have to ring. */
  protected keep(signal: Signal): void {
    const kept = this.#crossed.length;
    if (kept > 0 && kept < MAX_CROSSED && signal.type !== "trace") this.#crossed.push(signal);
  }

  /** Ends this side; a call that is not answered rings on at our other devices and tabs (P48). */
  leave(): void {
    if (this.isUnanswered) {
      this.voice.mention({ type: "release" });
      this.end({ by: "us", reason: "user_hangup" });
    } else this.hangupFor("us", "user_hangup");
  }

  protected hangupFor(by: End["by"], reason: HangupReason): void {
    this.endWith({ type: "hangup", reason }, { by, reason });
  }

  /** Ends this side first, then tells the peer. */
  protected endWith(command: Say, end: End): void {
    if (this.state === "ended") return;
    this.end(end);
    const done = () => this.forget();
    this.voice.say(command).then(done, done);
  }

  /** Ends this side: the microphone and the camera first. The story may go on until the engine is done. */
  end(given: End): void {
    if (this.state === "ended") return;
    const end = given.reason === "invite_timeout" ? this.#timedOut(given) : given;
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

  /** Ends this side of a call with which the engine is done. */
  conclude(end: End): void {
    this.end(end);
    this.forget();
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
    await this.#answer(offer);
  }

  async #answer(offer: RemoteDescription): Promise<void> {
    let answer: SessionDescription;
    try {
      answer = await this.#describe(this.session.answer(offer, this.capture));
    } catch (thrown) {
      this.#answering = undefined;
      if (this.state !== "ended") this.#ringOn(toTrunklineError(thrown));
      throw thrown;
    }
    await this.#attempt(() => this.#sendAnswer(answer));
  }

  async #sendAnswer(answer: SessionDescription): Promise<void> {
    this.#assertLive();
    this.#answerSent = true;
    this.#crossed = [];
    this.#recover();
    await this.voice.describe({ type: "answer", ...answer }).finally(() => this.#assertLive());
  }

  /**
   * No answer could be made, so theirs rings, here and in our other tabs. Where it took the place of ours, which cannot
   * be made either, ours ends, and theirs rings as a call of its own.
   */
  #ringOn(error: TrunklineError): void {
    const { floor, clock, receive } = this.parts;
    const [theirs, ...later] = this.#crossed;
    this.voice.mention({ type: "release" });
    if (theirs?.type !== "incoming") {
      floor.drop(this.session);
      this.#become("ringing");
      return;
    }
    const { replaces: _, ...rings } = theirs;
    const remaining = Math.max(0, this.#expiresAt - clock.now());
    this.conclude(failure(error));
    for (const signal of [{ ...rings, remaining }, ...later]) receive(signal);
  }

  /** Remembers that a description is being made, which waits for the devices. */
  #describe<T>(describing: Promise<T>): Promise<T> {
    this.#describing = describing;
    return describing.finally(() => {
      if (this.#describing === describing) this.#describing = undefined;
    });
  }

  /** Where the time is up because the devices have not opened, as where nobody answers the prompt, the end says so. */
  #timedOut(end: End): End {
    const { audio, video } = this.capture;
    const kind = audio ? "audio" : video && "video";
    const message = "No device opened in time: the permission prompt was not answered.";
    return this.#describing && kind ? failure(new TrunklineError("media_denied", message, { kind })) : end;
  }

  #assertLive(): void {
    if (this.state === "ended") throw new TrunklineError("closed", "The call has ended.");
  }

  /** Ends the call, and tells the peer why (P17). */
  #fail(error: TrunklineError): void {
    const end = failure(error);
    this.endWith({ type: "hangup", reason: end.reason }, end);
  }

  /**
   * Nobody waits for an answer for longer than the invite is good for, whatever becomes of the devices and the engine:
   * not for ours to be made, nor to be answered, nor for an answer of ours.
   */
  #expireIn(ms: number): void {
    const { clock } = this.parts;
    this.#expiresAt = clock.now() + ms;
    this.#expiry.unsubscribe();
    this.#expiry = timer(ms + EXPIRY_GRACE_MS, clock).subscribe(() => {
      const end = { by: "system", reason: "invite_timeout" } as const;
      if (this.#offer) this.conclude(end);
      else this.hangupFor(end.by, end.reason);
    });
    this.#life.add(this.#expiry);
  }

  #meet(theirs: Incoming): RemoteDescription {
    this.peer$.next(theirs.peer);
    this.capabilities$.next(theirs.capabilities);
    this.shown = theirs;
    this.#offer = theirs;
    this.#expireIn(theirs.remaining);
    return theirs;
  }

  /** Answered by one side or the other: from now on there is to be a path. */
  #recover(): void {
    this.#expiry.unsubscribe();
    const recovering$ = keepPath(this.#recovery, this.session.path$, {
      caller: this.#offer === undefined,
      clock: this.parts.clock,
      late$: this.#late$,
      shown: () => this.shown,
    });
    this.#life.add(
      recovering$.subscribe((what) => {
        if (what === "restart") this.#restart();
        else this.hangupFor("system", this.state === "connecting" ? "ice_failed" : "ice_timeout");
      }),
    );
  }

  /** Asks for a new path, once there are credentials that have not expired (P29). */
  #restart(): void {
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

/** How a call ends by an error, in the terms of P17. */
const failure = (error: TrunklineError) =>
  ({
    by: "system",
    reason: error.code.startsWith("media_") ? "user_media_failed" : "unknown_error",
    error: toErrorData(error),
  }) as const;
