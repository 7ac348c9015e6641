import { Subject, Subscription, timer } from "rxjs";
import { BATCH_POLICY, batchCandidates } from "../streams/batch.ts";
import type { Candidate, Clock } from "../streams/contract.ts";
import type { Input } from "./call-state.ts";
import type { DeadMan } from "./dead-man.ts";

/** How long our streams may go on changing before the peer is told, in ms: somebody who looks for the right button. */
const SETTLE_STREAMS = 200;

/** What a live call keeps running beside its state. What comes of it is fed back to the call. */
export class Running {
  readonly #feed: (input: Input) => void;
  readonly #clock: Clock;
  readonly #candidates = new Subject<Candidate>();
  #expiry = Subscription.EMPTY;
  #settling = Subscription.EMPTY;
  #deadMan: DeadMan | undefined;
  #disarmed: Promise<void> | undefined;

  constructor(feed: (input: Input) => void, clock: Clock) {
    this.#feed = feed;
    this.#clock = clock;
    this.#candidates
      .pipe(batchCandidates(BATCH_POLICY, clock))
      .subscribe((candidates) => feed({ type: "batched", candidates }));
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
    this.#candidates.next(candidate);
  }

  settleStreams(): void {
    if (!this.#settling.closed) return;
    this.#settling = timer(SETTLE_STREAMS, this.#clock).subscribe(() =>
      this.#feed({ type: "streams_settled" }),
    );
  }

  arm(deadMan: DeadMan): void {
    this.#deadMan = deadMan;
  }

  /** Ends every timer. */
  close(): void {
    this.#expiry.unsubscribe();
    this.#settling.unsubscribe();
    this.#candidates.complete();
    this.#deadMan?.stop();
  }

  /** The homeserver need not say goodbye for us. Resolves when it knows, or will not; never rejects. */
  disarm(): Promise<void> {
    this.#disarmed ??= this.#deadMan?.cancel() ?? Promise.resolve();
    return this.#disarmed;
  }
}
