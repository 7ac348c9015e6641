import {
  BehaviorSubject,
  defer,
  filter,
  firstValueFrom,
  map,
  type Observable,
  race,
  retry,
  Subject,
  switchMap,
  takeUntil,
  throwError,
  throwIfEmpty,
  timer,
} from "rxjs";
import { BACKOFF_POLICY, backoff, isTransient } from "../streams/backoff.ts";
import type { Clock } from "../streams/contract.ts";
import { TrunklineError, toTrunklineError } from "../streams/errors.ts";
import type { Random } from "../streams/ids.ts";

/** How long an engine whose token was refused waits for a tab that brings another, in ms. */
const BRING_WITHIN_MS = 5_000;
/** How many tokens are kept that need no verification (P44). */
const MAX_KNOWN = 32;

/**
 * The access tokens that the tabs of one device bring. The engine uses one until the homeserver refuses it, and then the
 * newest of those that were verified meanwhile.
 */
export class HubTokens {
  /** Those that are, or were, the device's. */
  readonly #known: Set<string>;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #verifying = new BehaviorSubject(0);
  readonly #verified = new Subject<void>();
  #spare: readonly string[] = [];

  constructor(first: string, clock: Clock, random: Random) {
    this.#known = new Set([first]);
    this.#clock = clock;
    this.#random = random;
  }

  /** A tab has come with this token: undefined where it is known, otherwise how it is verified. */
  bring(
    token: string,
    verify: () => Promise<unknown>,
    gone$: Observable<unknown>,
  ): Promise<void> | undefined {
    return this.#known.has(token) ? undefined : this.#verify(token, verify, gone$);
  }

  /**
   * Another token, for the one in use was refused. Waits for those that are being verified, and for tabs to bring one;
   * rejects with `unknown_token` where none does within 5 s.
   */
  async renew(): Promise<string> {
    if (this.#spare.length === 0) {
      const none$ = timer(BRING_WITHIN_MS, this.#clock).pipe(
        switchMap(() => this.#verifying),
        filter((count) => count === 0),
        map(() => {
          throw new TrunklineError("unknown_token", "The access token is not known any more");
        }),
      );
      await firstValueFrom(race(this.#verified, none$));
    }
    const token = this.#spare.at(-1) as string;
    this.#spare = this.#spare.slice(0, -1);
    return token;
  }

  /**
   * Asks again for as long as the homeserver cannot be reached. A token that it does not know is one that the tab has had
   * for too long: no reason to end the tab, whose calls the engine carries with another. Rejects where the token is
   * another login's, and with `closed` when the tab has gone.
   */
  async #verify(token: string, verify: () => Promise<unknown>, gone$: Observable<unknown>): Promise<void> {
    const verified$ = defer(verify).pipe(
      retry({
        delay: (error, attempt) =>
          isTransient(error)
            ? timer(backoff(BACKOFF_POLICY, this.#random, attempt - 1, error), this.#clock)
            : throwError(() => error),
      }),
      takeUntil(gone$),
      throwIfEmpty(() => new TrunklineError("closed", "The tab has gone")),
    );
    this.#verifying.next(this.#verifying.value + 1);
    try {
      await firstValueFrom(verified$);
      // Another tab may have brought it too, and the engine may have used it since.
      if (!this.#known.has(token)) this.#spare = [...this.#spare, token].slice(-MAX_KNOWN);
      this.#know(token);
      this.#verified.next();
    } catch (thrown) {
      const error = toTrunklineError(thrown);
      if (error.code !== "unknown_token") throw error;
      this.#know(token);
    } finally {
      this.#verifying.next(this.#verifying.value - 1);
    }
  }

  #know(token: string): void {
    this.#known.add(token);
    const [oldest] = this.#known;
    if (this.#known.size > MAX_KNOWN && oldest !== undefined) this.#known.delete(oldest);
  }
}
