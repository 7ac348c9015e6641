import { Observable, type OperatorFunction, type Subscription, timer } from "rxjs";
import type { Candidate, Clock } from "./contract.ts";

export interface BatchPolicy {
  /** How long a candidate waits for company, in ms: a network stack finds them in bursts. */
  readonly settle: number;
  /**
   * The least time between two batches, in ms, growing from batch to batch; the last value holds from then on.
   * A homeserver lets about 10 events through in a burst and then one every 5 s (P30), and a call needs some of
   * those for itself.
   */
  readonly gaps: readonly number[];
}

export const BATCH_POLICY: BatchPolicy = { settle: 20, gaps: [300, 1_000, 3_000, 5_000] };

/**
 * Gathers candidates into the batches that leave for the room (P23). The first batch leaves `settle` ms after its
 * first candidate, each later one no sooner than the next of `gaps` after the one before. The end marker, and
 * completion of the source, send what is left at once (P24). Errors pass through; what was waiting is dropped.
 */
export function batchCandidates(
  policy: BatchPolicy,
  clock: Clock,
): OperatorFunction<Candidate, readonly Candidate[]> {
  return (source) =>
    new Observable((subscriber) => {
      let waiting: Candidate[] = [];
      let sent = 0;
      let lastAt = Number.NEGATIVE_INFINITY;
      let due: Subscription | undefined;

      const gap = () => policy.gaps[Math.min(sent, policy.gaps.length) - 1] ?? 0;
      const flush = () => {
        due?.unsubscribe();
        due = undefined;
        if (waiting.length === 0) return;
        const batch = waiting;
        waiting = [];
        sent += 1;
        lastAt = clock.now();
        subscriber.next(batch);
      };

      const upstream = source.subscribe({
        next(candidate) {
          waiting.push(candidate);
          if (candidate.candidate === "") flush();
          else due ??= timer(Math.max(policy.settle, lastAt + gap() - clock.now()), clock).subscribe(flush);
        },
        error: (error) => subscriber.error(error),
        complete() {
          flush();
          subscriber.complete();
        },
      });
      return () => {
        due?.unsubscribe();
        upstream.unsubscribe();
      };
    });
}
