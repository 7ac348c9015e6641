import { type Observable, race, take, timer } from "rxjs";
import type { Clock } from "./contract.ts";
import { TrunklineError } from "./errors.ts";
import type { Random } from "./ids.ts";

export interface BackoffPolicy {
  /** The delay before the first retry, in ms. */
  readonly first: number;
  /** No delay of ours is longer, in ms. */
  readonly max: number;
  /** How much longer each delay is than the one before. */
  readonly factor: number;
  /** Which part of a delay is left to chance, 0 to 1, so that many clients do not come back in step. */
  readonly jitter: number;
}

/** Starts soon, because most failures are a moment's, and settles at twice a minute. */
export const BACKOFF_POLICY: BackoffPolicy = { first: 500, max: 30_000, factor: 2, jitter: 0.5 };

/** No homeserver makes us wait longer than this, in ms, whatever its `Retry-After` says. */
const LONGEST_RETRY_AFTER = 300_000;

/**
 * The delay in ms before the next attempt, where `attempt` counts the retries made so far, from 0. A homeserver that
 * said how long to wait is obeyed (P30), up to 5 minutes; otherwise delays grow up to `policy.max`.
 */
export function backoff(
  policy: BackoffPolicy,
  random: Random,
  attempt: number,
  error?: TrunklineError,
): number {
  const retryAfter = error?.retryAfter ?? 0;
  if (retryAfter > 0) return Math.min(retryAfter, LONGEST_RETRY_AFTER);
  const delay = Math.min(policy.first * policy.factor ** attempt, policy.max);
  return delay * (1 - policy.jitter * random());
}

/**
 * Emits once, when it is time for the next attempt: after `delay` ms, or as soon as the connection is back. A
 * homeserver that said how long to wait is obeyed all the same (P30).
 */
export function nextAttempt$(
  delay: number,
  error: TrunklineError | undefined,
  reconnected$: Observable<unknown>,
  clock: Clock,
): Observable<unknown> {
  const due$ = timer(delay, clock);
  return error?.retryAfter ? due$ : race(due$, reconnected$.pipe(take(1)));
}

const TRANSIENT = new Set<TrunklineError["code"]>(["rate_limited", "homeserver_unreachable", "server_error"]);

/** Whether the same attempt may succeed later. */
export function isTransient(error: unknown): error is TrunklineError {
  return error instanceof TrunklineError && TRANSIENT.has(error.code);
}
