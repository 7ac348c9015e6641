import {
  catchError,
  defer,
  distinctUntilChanged,
  expand,
  map,
  type Observable,
  of,
  shareReplay,
  switchMap,
  timer,
} from "rxjs";
import { BACKOFF_POLICY, backoff } from "../streams/backoff.ts";
import type { Clock, IceServer, TurnServers } from "../streams/contract.ts";
import { toTrunklineError } from "../streams/errors.ts";
import type { Random } from "../streams/ids.ts";

/** Refreshed when this much of their life is over: what is left outlasts the setting up of any call. */
const REFRESH_AT = 0.75;
/** A homeserver's ttl is believed within these bounds, in seconds. */
const LEAST_TTL = 60;
const MOST_TTL = 86_400;

interface Held {
  readonly iceServers: readonly IceServer[];
  readonly expiresAt: number;
  /** When to ask again. */
  readonly nextAt: number;
  /** How many times in a row the homeserver did not answer. */
  readonly failures: number;
}

/**
 * TURN servers that are always fresh, so that no call waits for them (P29): fetched on subscription, again ahead of
 * their ttl, and after a failure with backoff. Emits none if the first fetch fails, and none when credentials have
 * expired before new ones could be had: expired ones are never used. Replays the last; never errors or completes.
 */
export function turnServers$(
  fetch: () => Promise<TurnServers>,
  clock: Clock,
  random: Random,
): Observable<readonly IceServer[]> {
  const refresh = (held: Held): Observable<Held> =>
    defer(fetch).pipe(
      map(({ iceServers, ttl }): Held => {
        const life = 1_000 * Math.min(MOST_TTL, Math.max(LEAST_TTL, Number.isFinite(ttl) ? ttl : LEAST_TTL));
        const now = clock.now();
        return { iceServers, expiresAt: now + life, nextAt: now + life * REFRESH_AT, failures: 0 };
      }),
      catchError((error: unknown) => {
        const now = clock.now();
        const retryAt = now + backoff(BACKOFF_POLICY, random, held.failures, toTrunklineError(error));
        const failures = held.failures + 1;
        return of(
          held.expiresAt > now
            ? { ...held, nextAt: Math.min(retryAt, held.expiresAt), failures }
            : { iceServers: NONE, expiresAt: now, nextAt: retryAt, failures },
        );
      }),
    );

  return refresh({ iceServers: NONE, expiresAt: 0, nextAt: 0, failures: 0 }).pipe(
    expand((held) => timer(held.nextAt - clock.now(), clock).pipe(switchMap(() => refresh(held)))),
    map(({ iceServers }) => iceServers),
    distinctUntilChanged(),
    shareReplay({ bufferSize: 1, refCount: true }),
  );
}

const NONE: readonly IceServer[] = [];
