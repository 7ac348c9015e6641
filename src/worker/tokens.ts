import { TrunklineError } from "../streams/errors.ts";

export type TokenRefresh = () => Promise<string>;

/**
 * An app's function for a new access token, called once at a time: whoever asks meanwhile gets the same answer. Rejects
 * with `unknown_token`, and with what the app's function rejected with as its cause.
 */
export function singleRefresh(
  refresh: TokenRefresh,
  onToken: (token: string) => void = () => {},
): TokenRefresh {
  let running: Promise<string> | undefined;

  const run = async (): Promise<string> => {
    try {
      const token: unknown = await refresh();
      if (typeof token !== "string" || token === "") throw new TypeError("it gave no access token, as text");
      onToken(token);
      return token;
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      const message = `Option tokenRefresh gave no new access token: ${why}. Log in again`;
      throw new TrunklineError("unknown_token", message, { cause });
    }
  };

  return () => {
    running ??= run().finally(() => {
      running = undefined;
    });
    return running;
  };
}
