/**
 * What the app's own client throws. Its classes cannot be known here: the app's copy of matrix-js-sdk made them, and
 * ours is not loaded. They are told by their looks.
 */
import type { MatrixClient } from "matrix-js-sdk/lib/client.js";
import { TrunklineError, toTrunklineError } from "../../streams/errors.ts";
import { passing, type Refusal, refusalError, unreachable } from "./matrix-codes.ts";

/** An `HTTPError` of the SDK, or its subclass `MatrixError`. */
interface SdkRefusal extends Refusal, Error {
  getRetryAfterMs?(): number | null;
}

/** Errors of the SDK that mean that no answer came. */
const UNANSWERED = ["ConnectionError", "TokenRefreshError", "AbortError", "TimeoutError"];

/** What a failed request of the client means; `undefined` where it was not a request that failed. */
export function clientRequestError(thrown: unknown, homeserver: string): TrunklineError | undefined {
  if (thrown instanceof TrunklineError) return thrown;
  if (isRefusal(thrown)) return passing(refusalError(thrown, homeserver, retryAfterOf(thrown)));
  if (!(thrown instanceof Error)) return undefined;
  if (thrown.name === "TokenRefreshLogoutError") return loggedOut(thrown);
  return UNANSWERED.includes(thrown.name) ? unreachable(homeserver, thrown) : undefined;
}

/** A request of the client's that rejects with what its failure means. */
export async function clientAsk<T>(client: MatrixClient, request: Promise<T>): Promise<T> {
  try {
    return await request;
  } catch (thrown) {
    throw clientRequestError(thrown, client.getHomeserverUrl()) ?? toTrunklineError(thrown);
  }
}

export function loggedOut(cause?: unknown): TrunklineError {
  return new TrunklineError(
    "unknown_token",
    "The app's MatrixClient is logged out. Log in again, and make a new phone with the new client",
    { cause },
  );
}

function isRefusal(thrown: unknown): thrown is SdkRefusal {
  return (
    thrown instanceof Error &&
    (("httpStatus" in thrown && typeof thrown.httpStatus === "number") ||
      ("errcode" in thrown && typeof thrown.errcode === "string"))
  );
}

/** In ms, 0 where there is none. The SDK throws at a header that is none. */
function retryAfterOf(refusal: SdkRefusal): number {
  try {
    return refusal.getRetryAfterMs?.() ?? 0;
  } catch {
    return 0;
  }
}
