import { BehaviorSubject, type Observable, Subject } from "rxjs";
import type { TokenRefresh } from "../../streams/contract.ts";
import { TrunklineError, toTrunklineError } from "../../streams/errors.ts";

/** The access token in force, and how a new one is had. */
export class MatrixToken {
  readonly #token: BehaviorSubject<string>;
  readonly #refresh: TokenRefresh | undefined;
  readonly #over = new Subject<never>();
  /** Errors with the refusal once the login is over; never emits. */
  readonly over$ = this.#over.asObservable();
  #renewal: Promise<void> | undefined;

  /** Throws `invalid_option` where it is no token. */
  constructor(token: unknown, refresh: TokenRefresh | undefined) {
    this.#token = new BehaviorSubject(checkToken(token));
    this.#refresh = refresh;
  }

  get current(): string {
    return this.#token.value;
  }

  /** Emits the token in force on subscription, then each new one. */
  get current$(): Observable<string> {
    return this.#token;
  }

  /**
   * Resolves when there is another token than the one that was `refused`. The app is asked once for all who wait.
   * Rejects with `refusal`, the error that the homeserver's answer made, where the login is over by the app's word; with
   * `homeserver_unreachable` where the app failed to get one, which is no log-out.
   */
  renew(refused: string, refusal: TrunklineError): Promise<void> {
    if (this.#over.hasError) return Promise.reject(refusal);
    if (refused !== this.current) return Promise.resolve();
    this.#renewal ??= this.#ask(refusal).finally(() => {
      this.#renewal = undefined;
    });
    return this.#renewal;
  }

  async #ask(refusal: TrunklineError): Promise<void> {
    const token = await this.#refreshed();
    if (token === this.current || !isToken(token)) {
      this.#over.error(refusal);
      throw refusal;
    }
    this.#token.next(token);
  }

  async #refreshed(): Promise<unknown> {
    try {
      return await this.#refresh?.();
    } catch (cause) {
      const { code, message } = toTrunklineError(cause);
      if (code === "unknown_token") return undefined;
      throw new TrunklineError("homeserver_unreachable", `tokenRefresh failed: ${message}`, { cause });
    }
  }
}

/** A token goes into a header, which takes no other characters. */
const isToken = (token: unknown): token is string =>
  typeof token === "string" && /^[\x21-\x7e]+$/.test(token);

/** It is not shown: messages end up in logs. */
function checkToken(accessToken: unknown): string {
  if (isToken(accessToken)) return accessToken;
  throw new TrunklineError(
    "invalid_option",
    "Option accessToken is empty or no token: give the access_token of a login to the homeserver",
  );
}
