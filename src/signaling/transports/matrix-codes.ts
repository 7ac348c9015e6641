/** What a homeserver's refusal means, whichever client was refused. Nothing of matrix-js-sdk is loaded by this. */
import { TrunklineError } from "../../streams/errors.ts";

/** The name that delayed events go by until they are in the specification (MSC4140). */
export const DELAYED_EVENTS = "org.matrix.msc4140";

/** A refusal. Its texts are a stranger's. */
export interface Refusal {
  readonly httpStatus?: number | undefined;
  readonly errcode?: unknown;
  readonly error?: unknown;
}

/** `retryAfter` counts where the refusal is a rate limit. */
export function refusalError(refusal: Refusal, homeserver: string, retryAfter: number): TrunklineError {
  const errcode = typeof refusal.errcode === "string" ? refusal.errcode : undefined;
  const code = codeOf(refusal.httpStatus ?? 0, errcode);
  if (code === "not_a_homeserver") return notMatrix(homeserver, refusal);
  return new TrunklineError(code, `${MEANING[code]} (${homeserver}: ${said(refusal, errcode)})`, {
    cause: refusal,
    ...(code === "rate_limited" && retryAfter > 0 && { retryAfter }),
  });
}

/** The homeserver answered, but not with what the Matrix specification has it answer. */
export function notMatrix(homeserver: string, cause?: unknown): TrunklineError {
  return new TrunklineError(
    "not_a_homeserver",
    `${homeserver} does not answer as a Matrix homeserver does. Check the address: it is that of the homeserver's client API, without /_matrix`,
    { cause },
  );
}

export function unreachable(homeserver: string, cause: unknown): TrunklineError {
  return new TrunklineError(
    "homeserver_unreachable",
    `Cannot reach ${homeserver}. Check the address and the network and, in a browser, that the server allows requests from other origins (CORS)`,
    { cause },
  );
}

export function notInRoom(roomId: string, cause?: unknown): TrunklineError {
  const message = `We are not in room ${roomId}, or it does not exist. Join it first`;
  return new TrunklineError("not_in_room", message, { cause });
}

/**
 * Once we know that it is a homeserver, an answer that is not one's comes from something in between (a proxy, a
 * hotel's login page) and goes away.
 */
export function passing(error: TrunklineError): TrunklineError {
  return error.code === "not_a_homeserver"
    ? new TrunklineError("server_error", error.message, { cause: error.cause })
    : error;
}

type RefusalCode = keyof typeof MEANING | "not_a_homeserver";

const MEANING = {
  rate_limited: "The homeserver asks for fewer requests",
  server_error: "The homeserver failed",
  event_too_large: "The event is larger than the homeserver takes",
  unknown_token:
    "The homeserver does not take the access token. Log in again and start anew with the new token",
  forbidden: "The homeserver refused",
};

function codeOf(status: number, errcode: string | undefined): RefusalCode {
  if (status === 429 || errcode === "M_LIMIT_EXCEEDED") return "rate_limited";
  if (status >= 500 || status === 408) return "server_error";
  if (status === 413 || errcode === "M_TOO_LARGE") return "event_too_large";
  if (errcode === undefined) return "not_a_homeserver";
  if (status === 401 || errcode === "M_UNKNOWN_TOKEN" || errcode === "M_USER_DEACTIVATED")
    return "unknown_token";
  return "forbidden";
}

/** Bounded, because it is a stranger's text in our message. */
function said({ httpStatus, error }: Refusal, errcode: string | undefined): string {
  const text = typeof error === "string" ? error.slice(0, 200) : "no reason given";
  return `${[httpStatus, errcode].filter(Boolean).join(" ")}, ${text}`;
}
