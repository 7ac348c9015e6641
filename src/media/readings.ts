import {
  catchError,
  distinctUntilChanged,
  EMPTY,
  endWith,
  exhaustMap,
  from,
  ignoreElements,
  map,
  type Observable,
  pairwise,
  switchMap,
  takeUntil,
  timer,
} from "rxjs";
import type { CallStats, Clock, PathState } from "../streams/contract.ts";
import { type Reading, statsOf } from "./stats.ts";

/** How often a connection is read, in ms. */
const PERIOD = 1_000;

/**
 * What a connection tells of itself, once a second while anybody listens and there is a path, or one that was lost.
 * Completes with `path$`.
 */
export function readings(
  path$: Observable<PathState>,
  pc: () => RTCPeerConnection | undefined,
  clock: Clock,
): Observable<CallStats> {
  const closed$ = path$.pipe(ignoreElements(), endWith(undefined));
  const read$ = timer(0, PERIOD, clock).pipe(
    exhaustMap(() => from(read(pc(), clock)).pipe(catchError(() => EMPTY))),
  );
  return path$.pipe(
    map((state) => state === "connected" || state === "disconnected"),
    distinctUntilChanged(),
    switchMap((there) => (there ? read$.pipe(pairwise()) : EMPTY)),
    map(([before, now]) => statsOf(before, now)),
    takeUntil(closed$),
  );
}

async function read(pc: RTCPeerConnection | undefined, clock: Clock): Promise<Reading> {
  const reports = pc ? [...(await pc.getStats()).values()] : [];
  return { at: clock.now(), reports };
}
