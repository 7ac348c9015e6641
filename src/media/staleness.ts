import { EMPTY, fromEvent, interval, merge, type Observable, throttleTime } from "rxjs";
import { realClock } from "../streams/clock.ts";

/**
 * What was gathered is used for this long, in ms, sleep included: a relay forgets an address in 600 s, unless the
 * browser asks again.
 */
const MAX_AGE_MS = 240_000;
/** A browser reports each of its estimates of the network as a change: one in so many ms counts. */
const CHANGE_MS = 20_000;

const on = (target: Partial<EventTarget> | undefined, event: string): Observable<unknown> =>
  target?.addEventListener ? fromEvent(target as EventTarget, event) : EMPTY;

/** Emits when what was gathered ahead is out of date: the network is another, or too much time has passed. */
export const staleness$: Observable<unknown> = merge(
  on(globalThis, "online"),
  on((globalThis.navigator as { connection?: EventTarget } | undefined)?.connection, "change").pipe(
    throttleTime(CHANGE_MS, realClock),
  ),
  interval(MAX_AGE_MS, realClock),
);
