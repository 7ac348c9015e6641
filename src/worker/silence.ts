import { first, interval, map, merge, type Observable, scan, tap, timeInterval } from "rxjs";
import type { Clock } from "../streams/contract.ts";

/** How often a sign of life is asked for, in ms. */
export const TICK = 1_000;

/**
 * A tick later than this tells that we ourselves did not run: a blocked main thread, a frozen tab, a sleeping
 * machine. Room for a browser that rounds the timers of a hidden tab up to the next second.
 */
const LATE = 3 * TICK;
const MAX_LATE = 2;

export interface SilenceOptions {
  /** Asks the other end for a sign of life; called on every tick. */
  readonly ask: () => void;
  /** Emits on every sign of life. */
  readonly alive$: Observable<unknown>;
  /** How many ticks of silence are forgiven. */
  readonly limit: () => number;
  readonly clock: Clock;
}

/**
 * Emits once, after how many seconds, when the other end has been silent for more than `limit` ticks in a row, each on
 * time. A late tick starts the count again: our own silence says nothing of theirs, and the answers that queued up
 * meanwhile get their turn. Where every tick is late, as in a page that has long been hidden, three say enough.
 */
export function silence({ ask, alive$, limit, clock }: SilenceOptions): Observable<number> {
  const ticks$ = interval(TICK, clock).pipe(
    timeInterval(clock),
    tap(ask),
    map(({ interval }) => interval),
  );
  return merge(ticks$, alive$.pipe(map(() => undefined))).pipe(
    scan((was, interval) => {
      if (interval === undefined) return HEARD;
      const ms = was.ms + interval;
      return interval > LATE
        ? { onTime: 0, late: was.late + 1, ms }
        : { onTime: was.onTime + 1, late: 0, ms };
    }, HEARD),
    first(({ onTime, late }) => onTime > limit() || late > MAX_LATE),
    map(({ ms }) => Math.round(ms / TICK)),
  );
}

const HEARD = { onTime: 0, late: 0, ms: 0 };
