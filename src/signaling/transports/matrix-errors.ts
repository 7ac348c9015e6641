import { MatrixError, safeGetRetryAfterMs } from "matrix-js-sdk/lib/http-api/errors.js";
import type { TrunklineError } from "../../streams/errors.ts";
import { notMatrix, refusalError, unreachable } from "./matrix-codes.ts";

/** What a failed request means. The thrown value stays as `cause`. */
export function requestError(thrown: unknown, homeserver: string): TrunklineError {
  if (thrown instanceof MatrixError) return refusalError(thrown, homeserver, safeGetRetryAfterMs(thrown, 0));
  if (thrown instanceof SyntaxError) return notMatrix(homeserver, thrown);
  return unreachable(homeserver, thrown);
}
