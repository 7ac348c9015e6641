import type { TokenRefresh } from "../streams/contract.ts";

/**
 * An app's function for a new access token, called once at a time: whoever asks meanwhile gets the same answer. Resolves
 * with `undefined` for what is no token; rejects as the app's function does.
 */
export function singleRefresh(
  refresh: TokenRefresh,
  onToken: (token: string) => void = () => {},
): TokenRefresh {
  let running: ReturnType<TokenRefresh> | undefined;

  const run = async () => {
    const token: unknown = await refresh();
    if (typeof token !== "string" || token === "") return undefined;
    onToken(token);
    return token;
  };

  return () => {
    running ??= run().finally(() => {
      running = undefined;
    });
    return running;
  };
}
