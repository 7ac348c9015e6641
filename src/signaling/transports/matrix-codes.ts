/** What a homeserver's refusal means, whichever client was refused. Nothing of matrix-js-sdk is loaded by this. */
import { TrunklineError } from "../../streams/errors.ts";

/** A refusal. Its texts are a stranger's. */
export interface Refusal {
  readonly httpStatus?: number | undefined;
  readonly errcode?: unknown;
  readonly error?: unknown;
}

/** `limitedFor` is how long a rate limit lasts, in ms; 0 where the homeserver does not say. */
export function refusalError(refusal: Refusal, homeserver: string, limitedFor: number): TrunklineError {
  const errcode = errcodeOf(refusal);
  const code = codeOf(refusal.httpStatus ?? 0, errcode);
  if (code === "not_a_homeserver") return notMatrix(homeserver, refusal);
  const retryAfter = code === "rate_limited" ? limitedFor : errcode === "M_USER_LOCKED" ? LIFTED_AFTER_MS : 0;
  return new TrunklineError(code, `${MEANING[code]} (${homeserver}: ${quote(refusal, errcode)})`, {
    cause: refusal,
    ...(retryAfter > 0 && { retryAfter }),
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
  return error.code === "not_a_homeserver" ? serverError(error) : error;
}

/**
 * For what has to go on for as long as the account exists: the sync, who we are, TURN servers. What the homeserver
 * withholds from the account, or from everybody, is asked for again, slowly. A single event is refused instead: its
 * sender wants to know.
 */
export function lasting(error: TrunklineError): TrunklineError {
  const withheld = error.code === "forbidden" && WITHHELD.has(errcodeOf(error) ?? "");
  return withheld ? serverError(error, LIFTED_AFTER_MS) : error;
}

const serverError = ({ message, cause }: TrunklineError, retryAfter?: number) =>
  new TrunklineError("server_error", message, { cause, ...(retryAfter !== undefined && { retryAfter }) });

type RefusalCode = keyof typeof MEANING | "not_a_homeserver";

const MEANING = {
  rate_limited: "The homeserver asks for fewer requests",
  server_error: "The homeserver does not serve us for now",
  event_too_large: "The event is larger than the homeserver takes",
  unknown_token:
    "The homeserver does not take the access token. Log in again and start anew with the new token",
  forbidden: "The homeserver refused",
};

/**
 * The table of docs/decisions/homeserver-failures.md. Only the first three end a login: a status alone never does, for
 * a proxy in between has statuses of its own.
 */
const CODES: ReadonlyMap<string, RefusalCode> = new Map([
  ["M_UNKNOWN_TOKEN", "unknown_token"],
  ["M_MISSING_TOKEN", "unknown_token"],
  ["M_USER_DEACTIVATED", "unknown_token"],
  // The specification has clients go on syncing, to notice that the lock was lifted.
  ["M_USER_LOCKED", "server_error"],
  ["M_LIMIT_EXCEEDED", "rate_limited"],
  ["M_TOO_LARGE", "event_too_large"],
]);

/** What a homeserver can withhold for a time. */
const WITHHELD: ReadonlySet<string> = new Set([
  "M_USER_SUSPENDED",
  "M_RESOURCE_LIMIT_EXCEEDED",
  "M_USER_LIMIT_EXCEEDED",
  "M_CONSENT_NOT_GIVEN",
]);
/** A person lifts such a thing, in minutes or days. */
const LIFTED_AFTER_MS = 30_000;

function codeOf(status: number, errcode: string | undefined): RefusalCode {
  if (status === 429) return "rate_limited";
  if (status >= 500 || status === 408) return "server_error";
  const code = CODES.get(errcode ?? "");
  if (code) return code;
  if (status === 413) return "event_too_large";
  if (status === 401 || status === 407) return "server_error";
  if (errcode !== undefined) return "forbidden";
  return status === 403 ? "server_error" : "not_a_homeserver";
}

/** The Matrix error code of a refusal, or of the one that is behind an error of ours, where there is one. */
export function errcodeOf(thrown: unknown): string | undefined {
  const errcode = refusalOf(thrown)?.errcode;
  return typeof errcode === "string" ? errcode : undefined;
}

/** Of a room: a homeserver uses the same codes for an outsider and for a member without the power. */
export function isRefusedAccess(thrown: unknown): boolean {
  const errcode = errcodeOf(thrown);
  return errcode === "M_FORBIDDEN" || errcode === "M_NOT_FOUND";
}

/** The HTTP status of the same, where there is one. */
export function statusOf(thrown: unknown): number | undefined {
  const status = refusalOf(thrown)?.httpStatus;
  return typeof status === "number" ? status : undefined;
}

const refusalOf = (thrown: unknown) =>
  (thrown instanceof TrunklineError ? thrown.cause : thrown) as Refusal | undefined;

/** Bounded, because it is a stranger's text in our message. */
function quote({ httpStatus, error }: Refusal, errcode: string | undefined): string {
  const text = typeof error === "string" ? error.slice(0, 200) : "no reason given";
  return `${[httpStatus, errcode].filter(Boolean).join(" ")}, ${text}`;
}
