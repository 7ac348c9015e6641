import { EMPTY, firstValueFrom, from, map, merge, Observable, switchMap, timer } from "rxjs";
import type { Clock } from "../streams/contract.ts";
import { TrunklineError } from "../streams/errors.ts";

/** What takes this long, in ms, is a fault, not a figure. */
const DEADLINE_MS = 30_000;

/** Waits that end: in time, or by the caller's signal. No timer or listener outlives them. */
export interface Limits {
  /** Resolves after so many ms; rejects with `aborted`. */
  wait(ms: number): Promise<void>;
  /**
   * Resolves or rejects as the work does; rejects with `aborted`, or, after 30 s, with `unexpected` and `state()`, which
   * says how far it came.
   */
  within<T>(what: string, work: Promise<T>, state?: () => string | Promise<string>): Promise<T>;
}

export function limits(clock: Clock, signal?: AbortSignal): Limits {
  const aborted$ = signal ? whenAborted(signal) : EMPTY;
  return {
    wait: (ms) => firstValueFrom(merge(aborted$, timer(ms, clock).pipe(map(() => undefined)))),
    within(what, work, state = () => "nothing is known of it") {
      const late$ = timer(DEADLINE_MS, clock).pipe(
        switchMap(async () => {
          const message = `${what} was not over after ${DEADLINE_MS / 1_000} s; ${await state()}.`;
          throw new TrunklineError("unexpected", message);
        }),
      );
      // The work first: one that is not waited for any more may still reject.
      return firstValueFrom(merge(from(work), aborted$, late$));
    },
  };
}

function whenAborted(signal: AbortSignal): Observable<never> {
  return new Observable((subscriber) => {
    const abort = () =>
      subscriber.error(
        new TrunklineError("aborted", "The measurement was aborted.", { cause: signal.reason }),
      );
    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort);
    return () => signal.removeEventListener("abort", abort);
  });
}
