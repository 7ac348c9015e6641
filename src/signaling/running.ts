import { Subject, Subscription, timer } from "rxjs";
import { BATCH_POLICY, batchCandidates } from "../streams/batch.ts";
import type { Candidate, Clock } from "../streams/contract.ts";
import { PROTOCOL } from "../streams/protocol.ts";
import type { Call, Input } from "./call-state.ts";
import type { DelayedHangup, DelayedHangupRef } from "./dead-man.ts";
import type { PendingEvent, RememberedState } from "./remembered.ts";

/** How long our streams may go on changing before the peer is told, in ms: somebody who looks for the right button. */
const SETTLE_STREAMS = 200;

/** A live call, and what it keeps running beside its state. What comes of it is fed back to the call. */
export class Running {
  /** As it is now. */
  call: Call;
  /** Events on their way to the homeserver, with the promises that they arrive. */
  readonly pending = new Map<PendingEvent, Promise<void>>();
  /** Resolves when a call that has ended has no more to send. */
  released: Promise<void> | undefined;
  /** The delayed hangup that the homeserver was asked for. */
  goodbye: DelayedHangupRef | undefined;
  readonly #feed: (input: Input) => void;
  readonly #clock: Clock;
  #candidates: Subject<Candidate> | undefined;
  /** Those that the batch being gathered holds. */
  #gathered: readonly Candidate[] = [];
  #expiry = Subscription.EMPTY;
  #settling = Subscription.EMPTY;
  #delayedHangup: DelayedHangup | undefined;
  #disarmed: Promise<void> | undefined;

  constructor(call: Call, feed: (input: Input) => void, clock: Clock) {
    this.call = call;
    this.#feed = feed;
    this.#clock = clock;
  }

  expireAt(at: number): void {
    this.#expiry.unsubscribe();
    this.#expiry = timer(at - this.#clock.now(), this.#clock).subscribe(() =>
      this.#feed({ type: "expired" }),
    );
  }

  neverExpire(): void {
    this.#expiry.unsubscribe();
  }

  batch(candidate: Candidate): void {
    this.#gathered = [...this.#gathered, candidate];
    this.#candidates ??= this.#batching();
    this.#candidates.next(candidate);
  }

  settleStreams(): void {
    if (!this.#settling.closed) return;
    this.#settling = timer(SETTLE_STREAMS, this.#clock).subscribe(() =>
      this.#feed({ type: "streams_settled" }),
    );
  }

  /** Arms the delayed hangup, unless it is. */
  arm(make: (earlier: DelayedHangupRef | undefined) => DelayedHangup): void {
    if (this.#delayedHangup) return;
    const earlier = this.goodbye;
    this.goodbye ??= {};
    this.#delayedHangup = make(earlier);
  }

  /** Ends every timer. */
  close(): void {
    this.#expiry.unsubscribe();
    this.#settling.unsubscribe();
    this.#candidates?.complete();
    this.#delayedHangup?.stop();
  }

  /** The homeserver need not say goodbye for us. Resolves when it knows, or will not; never rejects. */
  disarm(): Promise<void> {
    this.#disarmed ??= this.#delayedHangup?.cancel() ?? Promise.resolve();
    return this.#disarmed;
  }

  /** What another engine has to know to go on with the call. */
  get state(): RememberedState {
    const { call, pending, goodbye } = this;
    return {
      major: PROTOCOL.major,
      call,
      pending: [...pending.keys()],
      candidates: this.#gathered,
      ...(goodbye && { goodbye }),
      at: this.#clock.now(),
    };
  }

  #batching(): Subject<Candidate> {
    const candidates = new Subject<Candidate>();
    candidates.pipe(batchCandidates(BATCH_POLICY, this.#clock)).subscribe((batch) => {
      this.#gathered = [];
      this.#feed({ type: "batched", candidates: batch });
    });
    return candidates;
  }
}
