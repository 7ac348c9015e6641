import { TrunklineError } from "../../streams/errors.ts";

/** The access token in force, and how a new one is had. */
export class MatrixToken {
  #token: string;
  readonly #refresh: (() => Promise<string>) | undefined;
  #renewal: Promise<void> | undefined;

  /** Throws `invalid_option` where it is no token. */
  constructor(token: unknown, refresh: (() => Promise<string>) | undefined) {
    this.#token = checkToken(token);
    this.#refresh = refresh;
  }

  get current(): string {
    return this.#token;
  }

  /**
   * Resolves when there is another token than the one that was `refused`. The app is asked once for all who wait.
   * Rejects with `refusal`, the error that the homeserver's answer made, where there is none to be had.
   */
  renew(refused: string, refusal: TrunklineError): Promise<void> {
    if (refused !== this.#token) return Promise.resolve();
    this.#renewal ??= this.#ask(refusal).finally(() => {
      this.#renewal = undefined;
    });
    return this.#renewal;
  }

  async #ask(refusal: TrunklineError): Promise<void> {
    if (!this.#refresh) throw refusal;
    try {
      const token = checkToken(await this.#refresh());
      if (token === this.#token) throw new Error("tokenRefresh gave the token that was refused");
      this.#token = token;
    } catch (cause) {
      throw new TrunklineError(refusal.code, refusal.message, { cause });
    }
  }
}

/** A token goes into a header, which takes no other characters. It is not shown: messages end up in logs. */
function checkToken(accessToken: unknown): string {
  if (typeof accessToken === "string" && /^[\x21-\x7e]+$/.test(accessToken)) return accessToken;
  throw new TrunklineError(
    "invalid_option",
    "Option accessToken is empty or no token: give the access_token of a login to the homeserver",
  );
}
