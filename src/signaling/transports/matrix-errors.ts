import { MatrixError, safeGetRetryAfterMs } from "matrix-js-sdk/lib/http-api/errors.js";
import { TrunklineError } from "../../streams/errors.ts";

/** What a failed request means. The thrown value stays as `cause`. */
export function requestError(thrown: unknown, homeserver: string): TrunklineError {
  if (thrown instanceof MatrixError) return answerError(thrown, homeserver);
  if (thrown instanceof SyntaxError) return notMatrix(homeserver, thrown);
  return new TrunklineError(
    "homeserver_unreachable",
    `Cannot reach ${homeserver}. Check the address and the network and, in a browser, that the server allows requests from other origins (CORS)`,
    { cause: thrown },
  );
}

/** The homeserver answered, but not with what the Matrix specification has it answer. */
export function notMatrix(homeserver: string, cause?: unknown): TrunklineError {
  return new TrunklineError(
    "not_a_homeserver",
    `${homeserver} does not answer as a Matrix homeserver does. Check the address: it is that of the homeserver's client API, without /_matrix`,
    { cause },
  );
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

/**
 * Once we know that it is a homeserver, an answer that is not one's comes from something in between (a proxy, a
 * hotel's login page) and goes away.
 */
export function passing(error: TrunklineError): TrunklineError {
  return error.code === "not_a_homeserver"
    ? new TrunklineError("server_error", error.message, { cause: error.cause })
    : error;
}

function answerError(answer: MatrixError, homeserver: string): TrunklineError {
  const errcode = typeof answer.errcode === "string" ? answer.errcode : undefined;
  const code = codeOf(answer.httpStatus ?? 0, errcode);
  if (code === "not_a_homeserver") return notMatrix(homeserver, answer);
  const retryAfter = code === "rate_limited" ? safeGetRetryAfterMs(answer, 0) : 0;
  return new TrunklineError(code, `${MEANING[code]} (${homeserver}: ${said(answer, errcode)})`, {
    cause: answer,
    ...(retryAfter > 0 && { retryAfter }),
  });
}

type AnswerCode = keyof typeof MEANING | "not_a_homeserver";

const MEANING = {
  rate_limited: "The homeserver asks for fewer requests",
  server_error: "The homeserver failed",
  event_too_large: "The event is larger than the homeserver takes",
  unknown_token:
    "The homeserver does not take the access token. Log in again and start anew with the new token",
  forbidden: "The homeserver refused",
};

function codeOf(status: number, errcode: string | undefined): AnswerCode {
  if (status === 429 || errcode === "M_LIMIT_EXCEEDED") return "rate_limited";
  if (status >= 500 || status === 408) return "server_error";
  if (status === 413 || errcode === "M_TOO_LARGE") return "event_too_large";
  if (errcode === undefined) return "not_a_homeserver";
  if (status === 401 || errcode === "M_UNKNOWN_TOKEN" || errcode === "M_USER_DEACTIVATED")
    return "unknown_token";
  return "forbidden";
}

/** Bounded, because it is a stranger's text in our message. */
function said(answer: MatrixError, errcode: string | undefined): string {
  const text = typeof answer.error === "string" ? answer.error.slice(0, 200) : "no reason given";
  return `${[answer.httpStatus, errcode].filter(Boolean).join(" ")}, ${text}`;
}
