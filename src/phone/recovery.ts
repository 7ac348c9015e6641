import {
  defer,
  distinctUntilChanged,
  EMPTY,
  filter,
  map,
  merge,
  type Observable,
  of,
  scan,
  switchMap,
  take,
  takeUntil,
  takeWhile,
  timer,
} from "rxjs";
import type { Clock, PathState, Version } from "../streams/contract.ts";

/** A call that was accepted has this long to find a path, in ms. */
const CONNECT_WITHIN = 30_000;
/** A lost path may come back by itself for this long, in ms; a failed one does not. */
const GRACE = 2_000;
/** The same where it may not be restarted before it has failed: browsers take up to 30 s to say that it has. */
const LONG_GRACE = 40_000;
/** The side that was called waits this much longer, in ms, so that only one side restarts (P20). */
const HEAD_START = 5_000;
/** How long a restart may take, in ms, and how often it is tried where there was a path. */
const RESTART_WITHIN = 10_000;
const RESTARTS = 3;

export type Recovery =
  /** Ask for a new path, with fresh TURN credentials (P29). */
  | "restart"
  /** There is none to be found. */
  | "lost";

/** What a peer has shown of itself: see `Signal`. */
export interface Shown {
  readonly negotiable: boolean;
  readonly version?: Version;
}

/**
 * What to do about the path of a call that was accepted: nothing while it is there; restarts, bounded in count and
 * time, when it fails or is lost; an end when that does not help. All timers stop when the path is back. `late$` emits when ICE
 * servers came after the connection was made: restarts too, if there is no path without them. `shown` is asked
 * whenever a path is looked for: who may not negotiate is offered a new path only when the old one has failed; in version 0
 * there is no other, and a path that has failed is the end.
 */
export function recovery(
  path$: Observable<PathState>,
  options: {
    readonly caller: boolean;
    readonly clock: Clock;
    readonly late$?: Observable<unknown>;
    readonly shown?: () => Shown | undefined;
  },
): Observable<Recovery> {
  const { caller, clock, late$ = EMPTY, shown = () => undefined } = options;
  const after = (ms: number) => timer(ms, clock);
  const failed$ = path$.pipe(filter((path) => path === "failed"));
  /** Restarts from a failure or from `early$` on; the path is lost after the last, or when `end$` emits. */
  const restarts = (early$: Observable<unknown>, end$: Observable<unknown>): Observable<Recovery> =>
    defer(() => {
      const { negotiable, version = negotiable ? 1 : 0 } = shown() ?? { negotiable: true };
      const counts$ = merge(failed$, negotiable ? early$ : EMPTY).pipe(
        take(1),
        switchMap(() =>
          version === 0 ? of(RESTARTS) : timer(caller ? 0 : HEAD_START, RESTART_WITHIN, clock),
        ),
      );
      return merge(end$.pipe(map(() => RESTARTS)), counts$).pipe(
        map((count) => (count < RESTARTS ? "restart" : "lost")),
        takeWhile((what) => what === "restart", true),
      );
    });

  const waited$ = late$.pipe(switchMap(() => after(GRACE)));
  const connecting$ = restarts(waited$, after(CONNECT_WITHIN));
  const lost$ = restarts(after(GRACE), after(LONG_GRACE).pipe(takeUntil(failed$)));

  return path$.pipe(
    scan((now$, path) => {
      if (path === "connected") return EMPTY;
      return now$ !== connecting$ && path !== "connecting" ? lost$ : now$;
    }, connecting$),
    distinctUntilChanged(),
    switchMap((now$) => now$),
  );
}
