import type { Observable } from "rxjs";
import { TrunklineError } from "../../streams/errors.ts";
import { online$ } from "../online.ts";
import type { Fetch } from "./matrix-http.ts";
import type { MatrixToken } from "./matrix-token.ts";

/**
 * A `fetch` for the SDK's client whose requests go with the token in force. One that is refused for its token is repeated
 * once with a new one, where that can be had; rejects where the app failed to get one, as where nothing answers.
 */
export function tokenFetch(token: MatrixToken, fetch: Fetch = globalThis.fetch): Fetch {
  return async (resource, init) => {
    const headers = new Headers(init?.headers);
    if (!headers.has("Authorization")) return fetch(resource, init);
    const attempt = (current: string) => {
      headers.set("Authorization", `Bearer ${current}`);
      return fetch(resource, { ...init, headers });
    };
    const { current } = token;
    const response = await attempt(current);
    if (response.status !== 401 || !(await isUnknownToken(response.clone()))) return response;
    try {
      await token.renew(current, refused());
    } catch (thrown) {
      if (thrown instanceof TrunklineError && thrown.code === "unknown_token") return response;
      throw thrown;
    }
    return attempt(token.current);
  };
}

/**
 * A `fetch` for the SDK's client that gives up a poll which is under way when the network comes back, for its connection may
 * be dead: the SDK would wait for it for almost two minutes.
 */
export function freshSync(fetch: Fetch, back$: Observable<unknown> = online$): Fetch {
  return async (resource, init) => {
    if (!new URL(String(resource)).pathname.endsWith("/sync")) return fetch(resource, init);
    const aborter = new AbortController();
    const back = back$.subscribe(() => aborter.abort());
    try {
      const signals = [aborter.signal, ...(init?.signal ? [init.signal] : [])];
      const response = await fetch(resource, { ...init, signal: AbortSignal.any(signals) });
      return new Response(await response.blob(), response);
    } catch (thrown) {
      throw aborter.signal.aborted
        ? new TypeError("The network has come back since", { cause: thrown })
        : thrown;
    } finally {
      back.unsubscribe();
    }
  };
}

async function isUnknownToken(response: Response): Promise<boolean> {
  const body: unknown = await response.json().catch(() => undefined);
  return (body as { readonly errcode?: unknown } | undefined)?.errcode === "M_UNKNOWN_TOKEN";
}

const refused = () =>
  new TrunklineError(
    "unknown_token",
    "The homeserver does not know the access token (any more). Log in again",
  );
