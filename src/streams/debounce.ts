import { buffer, connect, defer, filter, type OperatorFunction, of, switchMap, tap, timer } from "rxjs";
import type { Candidate, Clock } from "./contract.ts";

/** When values that come in bursts leave as one event. */
export interface DebouncePolicy {
  /** A batch leaves once no value has come for this long, in ms. */
  readonly debounce: number;
  /** It leaves this long after its first value at the latest, in ms, even though others keep coming. */
  readonly maxWait: number;
  /**
   * The budget of events: the least time between two batches, in ms, from the first pair on; the last entry holds for all
   * that follow, and none means that there is no budget. Values that come meanwhile join the batch that waits.
   */
  readonly gaps: readonly number[];
}

/**
 * Gathers values into batches: debounced, with a maximum wait and a budget of events. A value that is urgent takes all
 * that waits with it at once, whatever the budget, and so does the completion of the source. Errors pass through, and
 * what was waiting is dropped. No batch is empty.
 *
 * With `debounce` 3, `maxWait` 5 and `gaps` [10], `$` urgent:
 *
 *     source  -a--b------c-d-e-f-g-h----i---$------|
 *     result  -------x------------------y---z------|     x = [a, b], y = [c … i], z = [$]
 */
export function debounceBuffer<T>(
  { debounce, maxWait, gaps }: DebouncePolicy,
  clock: Clock,
  isUrgent: (value: T) => boolean = () => false,
): OperatorFunction<T, readonly T[]> {
  return (source) =>
    defer(() => {
      /** When the batch that is being gathered began. */
      let begunAt: number | undefined;
      let batches = 0;
      let lastAt = Number.NEGATIVE_INFINITY;
      const delay = () => {
        const now = clock.now();
        begunAt ??= now;
        const gap = gaps[Math.min(batches, gaps.length) - 1] ?? 0;
        return Math.max(0, Math.min(debounce, begunAt + maxWait - now), lastAt + gap - now);
      };
      return source.pipe(
        connect((values$) => {
          const due$ = values$.pipe(
            switchMap((value) => (isUrgent(value) ? of(value) : timer(delay(), clock))),
          );
          return values$.pipe(buffer(due$));
        }),
        filter((batch) => batch.length > 0),
        tap(() => {
          begunAt = undefined;
          batches += 1;
          lastAt = clock.now();
        }),
      );
    });
}

/** Gathers candidates into the batches that leave for the room (P23); the end marker takes what is left along (P24). */
export function batchCandidates(
  policy: DebouncePolicy,
  clock: Clock,
): OperatorFunction<Candidate, readonly Candidate[]> {
  return debounceBuffer(policy, clock, ({ candidate }) => candidate === "");
}
