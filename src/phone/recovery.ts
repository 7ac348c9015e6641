import {
  concat,
  distinctUntilChanged,
  EMPTY,
  filter,
  ignoreElements,
  map,
  merge,
  type Observable,
  of,
  race,
  repeat,
  scan,
  switchMap,
  take,
  timer,
} from "rxjs";
import type { Clock, PathState } from "../streams/contract.ts";

/** A call that was accepted has this long to find a path, in ms. */
const CONNECT_WITHIN = 30_000;
/** A lost path may come back by itself for this long, in ms; a failed one does not. */
const GRACE = 2_000;
/** The side that was called waits this much longer, in ms, so that only one side restarts (P20). */
const HEAD_START = 5_000;
/** How long a restart may take, in ms, and how often it is tried. */
const RESTART_WITHIN = 10_000;
const RESTARTS = 3;

export type Recovery =
  /** Ask for a new path, with fresh TURN credentials (P29). */
  | "restart"
  /** There never was a path (`ice_failed`, P17). */
  | "never_connected"
  /** There was one, and it does not come back (`ice_timeout`, P17). */
  | "lost";

/**
 * What to do about the path of a call that was accepted: nothing while it is there; restarts, bounded in count and
 * time, when it is lost; an end when that does not help. All timers stop when the path is back. Where `late$` has
 * emitted, ICE servers came after the connection was made: one restart, if there is no path without them.
 */
export function recovery(
  path$: Observable<PathState>,
  options: { readonly caller: boolean; readonly clock: Clock; readonly late$?: Observable<unknown> },
): Observable<Recovery> {
  const { caller, clock, late$ = EMPTY } = options;
  const failed$ = path$.pipe(
    filter((path) => path === "failed"),
    take(1),
  );
  const after = (ms: number) => timer(ms, clock);

  const connecting$ = merge(
    late$.pipe(
      take(1),
      switchMap(() => after(GRACE)),
      map((): Recovery => "restart"),
    ),
    race(after(CONNECT_WITHIN), failed$).pipe(map((): Recovery => "never_connected")),
  );
  const attempts$ = concat(of<Recovery>("restart"), after(RESTART_WITHIN).pipe(ignoreElements())).pipe(
    repeat(RESTARTS),
  );
  const lost$ = concat(
    race(after(GRACE), failed$).pipe(ignoreElements()),
    after(caller ? 0 : HEAD_START).pipe(ignoreElements()),
    attempts$,
    of<Recovery>("lost"),
  );

  return path$.pipe(
    scan((was: "connecting" | "there" | "lost", path) => {
      if (path === "connected") return "there";
      return was !== "connecting" && (path === "disconnected" || path === "failed") ? "lost" : was;
    }, "connecting"),
    distinctUntilChanged(),
    switchMap((now) => (now === "there" ? EMPTY : now === "lost" ? lost$ : connecting$)),
  );
}
