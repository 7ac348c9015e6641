import { MatrixError, safeGetRetryAfterMs } from "matrix-js-sdk/lib/http-api/errors.js";
import { TrunklineError } from "../../streams/errors.ts";
import { notMatrix, refusalError, unreachable } from "./matrix-codes.ts";

/** What a failed request means. The thrown value stays as `cause`. */
export function requestError(thrown: unknown, homeserver: string): TrunklineError {
  if (thrown instanceof MatrixError) return refusalError(thrown, homeserver, safeGetRetryAfterMs(thrown, 0));
  if (thrown instanceof SyntaxError) return notMatrix(homeserver, thrown);
  return unreachable(homeserver, thrown);
}

/** The Matrix error code that is behind an error of `requestError`, where there is one. */
export function errcodeOf(error: unknown): string | undefined {
  const cause = error instanceof TrunklineError ? error.cause : undefined;
  return cause instanceof MatrixError && typeof cause.errcode === "string" ? cause.errcode : undefined;
}

/** The HTTP status that is behind an error of `requestError`, where there is one. */
export function statusOf(error: unknown): number | undefined {
  const cause = error instanceof TrunklineError ? error.cause : undefined;
  return cause instanceof MatrixError ? cause.httpStatus : undefined;
}
