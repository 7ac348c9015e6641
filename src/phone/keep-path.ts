import {
  catchError,
  distinctUntilChanged,
  EMPTY,
  from,
  map,
  type Observable,
  startWith,
  switchMap,
  timer,
} from "rxjs";
import type { PathState } from "../streams/contract.ts";
import type { Recovery, recovery } from "./recovery.ts";

/** How long a call may be without a path, in ms, where what looks for it again is not there. */
const WITHOUT_MS = 30_000;

/**
 * As `recovery()`, which is being loaded, so that it is there when there is a path to keep. Until it is, and where it
 * cannot be loaded, a path is not looked for again, and being without one for 30 s is the end.
 */
export function keepPath(
  loading: Promise<{ readonly recovery: typeof recovery }>,
  path$: Observable<PathState>,
  options: Parameters<typeof recovery>[1],
): Observable<Recovery> {
  const unkept$ = path$.pipe(
    map((path) => path === "connected"),
    distinctUntilChanged(),
    switchMap((there) => (there ? EMPTY : timer(WITHOUT_MS, options.clock))),
    map(() => "lost" as const),
  );
  return from(loading).pipe(
    map(({ recovery }) => recovery(path$, options)),
    catchError(() => EMPTY),
    startWith(unkept$),
    switchMap((what$) => what$),
  );
}
