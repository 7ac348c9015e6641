import {
  catchError,
  defer,
  distinctUntilChanged,
  expand,
  filter,
  map,
  NEVER,
  type Observable,
  of,
  switchMap,
  timeout,
} from "rxjs";
import { BACKOFF_POLICY, backoff, isTransient, nextAttempt$ } from "../streams/backoff.ts";
import type { Clock, IceServer, TurnServers } from "../streams/contract.ts";
import { type TrunklineError, toTrunklineError } from "../streams/errors.ts";
import type { Random } from "../streams/ids.ts";

/** Refreshed when this much of their life is over: what is left outlasts the setting up of any call. */
const REFRESH_AT = 0.75;
/** A homeserver's ttl is believed within these bounds, in seconds. */
const LEAST_TTL = 60;
const MOST_TTL = 86_400;

/** How long a request may take, in ms, whatever the transport allows it. */
const FETCH_TIMEOUT_MS = 40_000;

interface Held {
  /** Absent while it is not known whether there are any. */
  readonly iceServers?: readonly IceServer[];
  readonly expiresAt: number;
  /** When to ask again. */
  readonly nextAt: number;
  /** How many times in a row the homeserver did not answer, and why. */
  readonly failures: number;
  readonly error?: TrunklineError;
}

/**
 * TURN servers that are always fresh, so that no call waits for them (P29): fetched on subscription, again ahead of
 * their ttl, and after a failure with backoff or once `reconnected$` emits. Emits none only where that is certain: the homeserver has none, or does
 * not give us any, or those that we had have expired before new ones could be had. Never errors or completes.
 */
export function turnServers$(
  fetch: () => Promise<TurnServers>,
  clock: Clock,
  random: Random,
  reconnected$: Observable<unknown> = NEVER,
): Observable<readonly IceServer[]> {
  const refresh = (held: Held): Observable<Held> =>
    defer(fetch).pipe(
      timeout({ first: FETCH_TIMEOUT_MS, scheduler: clock }),
      map(({ iceServers, ttl }): Held => {
        const life = 1_000 * Math.min(MOST_TTL, Math.max(LEAST_TTL, Number.isFinite(ttl) ? ttl : LEAST_TTL));
        const now = clock.now();
        const expiresAt = now + life;
        return {
          iceServers: iceServers.map((server) => (server.credential ? { ...server, expiresAt } : server)),
          expiresAt,
          nextAt: now + life * REFRESH_AT,
          failures: 0,
        };
      }),
      catchError((thrown: unknown) => {
        const error = toTrunklineError(thrown, "homeserver_unreachable");
        const now = clock.now();
        const retryAt = now + backoff(BACKOFF_POLICY, random, held.failures, error);
        const failed = { failures: held.failures + 1, error };
        if (held.expiresAt > now)
          return of({ ...held, ...failed, nextAt: Math.min(retryAt, held.expiresAt) });
        const unknown = !held.iceServers && isTransient(error);
        return of({ ...failed, ...(!unknown && { iceServers: NONE }), expiresAt: 0, nextAt: retryAt });
      }),
    );

  const wait$ = ({ nextAt, failures, error }: Held) =>
    nextAttempt$(nextAt - clock.now(), error, failures > 0 ? reconnected$ : NEVER, clock);

  return refresh({ expiresAt: 0, nextAt: 0, failures: 0 }).pipe(
    expand((held) => wait$(held).pipe(switchMap(() => refresh(held)))),
    map(({ iceServers }) => iceServers),
    filter((iceServers) => iceServers !== undefined),
    distinctUntilChanged(),
  );
}

const NONE: readonly IceServer[] = [];
