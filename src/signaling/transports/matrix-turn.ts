import type { TurnServers } from "../../streams/contract.ts";
import { toTrunklineError } from "../../streams/errors.ts";
import { errcodeOf, lasting, passing, statusOf } from "./matrix-codes.ts";
import { parseTurnServers } from "./matrix-parse.ts";

/** How long to go without asking again after a 404 that may be a proxy's, in s. */
const DOUBTFUL_TTL = 300;

/**
 * What `/voip/turnServer` has: none where guests are refused, or where a small homeserver does not know the request.
 * Rejects as `Transport.turnServers` does; `answer` with what a refusal means.
 */
export async function turnServersFrom(answer: Promise<unknown>): Promise<TurnServers> {
  try {
    return parseTurnServers(await answer);
  } catch (thrown) {
    const error = lasting(toTrunklineError(thrown));
    const unknown = statusOf(error) === 404;
    if (unknown && errcodeOf(error) === undefined) return parseTurnServers({ ttl: DOUBTFUL_TTL });
    if (unknown || error.code === "forbidden") return parseTurnServers({});
    throw passing(error);
  }
}
