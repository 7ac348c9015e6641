import { Subject, Subscription, timer } from "rxjs";
import type { Candidate, Clock } from "../streams/contract.ts";
import { batchCandidates, debounceBuffer } from "../streams/debounce.ts";
import type { SignalingPolicy } from "../streams/policy.ts";
import { PROTOCOL } from "../streams/protocol.ts";
import type { Call, Input } from "./call-state.ts";
import type { DelayedHangup, DelayedHangupRef } from "./dead-man.ts";
import type { PendingEvent, RememberedState } from "./remembered.ts";

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
  readonly #policy: SignalingPolicy;
  #candidates: Subject<Candidate> | undefined;
  /** Those that the batch being gathered holds. */
  #gathered: readonly Candidate[] = [];
  #expiry = Subscription.EMPTY;
  /** Emits when our streams have changed. */
  #streams: Subject<void> | undefined;
  #delayedHangup: DelayedHangup | undefined;
  #disarmed: Promise<void> | undefined;

  constructor(call: Call, feed: (input: Input) => void, clock: Clock, policy: SignalingPolicy) {
    this.call = call;
    this.#feed = feed;
    this.#clock = clock;
    this.#policy = policy;
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
    this.#streams ??= this.#settling();
    this.#streams.next();
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
    this.#streams?.complete();
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

  #settling(): Subject<void> {
    const changes = new Subject<void>();
    changes
      .pipe(debounceBuffer(this.#policy.streams, this.#clock))
      .subscribe(() => this.#feed({ type: "streams_settled" }));
    return changes;
  }

  #batching(): Subject<Candidate> {
    const candidates = new Subject<Candidate>();
    candidates.pipe(batchCandidates(this.#policy.candidates, this.#clock)).subscribe((batch) => {
      this.#gathered = [];
      this.#feed({ type: "batched", candidates: batch });
    });
    return candidates;
  }
}
