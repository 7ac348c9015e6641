/** Everything that Trunkline throws or rejects with is a `TrunklineError`; its `code` is stable, its message is not. */

export type ErrorCode =
  // options and state
  | "invalid_option"
  | "unknown_call"
  | "wrong_state"
  | "closed"
  | "aborted"
  // homeserver
  | "homeserver_unreachable"
  | "not_a_homeserver"
  | "server_error"
  | "unknown_token"
  | "shared_device"
  | "forbidden"
  | "not_in_room"
  | "room_encrypted"
  | "rate_limited"
  | "event_too_large"
  // media
  | "media_denied"
  | "media_missing"
  | "media_busy"
  | "media_failed"
  // the split
  | "worker_failed"
  | "worker_lost"
  // where an encrypted device keeps its keys
  | "storage_blocked"
  | "storage_full"
  | "storage_lost"
  | "unexpected";

/** An error as plain data: what travels over a port and in an `End`. */
export interface ErrorData {
  readonly code: ErrorCode;
  readonly message: string;
  /** How long to wait before another try, in ms, where that is known: with `rate_limited`, or a locked account. */
  readonly retryAfter?: number;
  /** Which device it is about: the microphone (`audio`) or the camera (`video`), where that is known. */
  readonly kind?: "audio" | "video";
  /** The text of what caused it. */
  readonly cause?: string;
}

export class TrunklineError extends Error {
  override readonly name = "TrunklineError";
  readonly code: ErrorCode;
  /** How long to wait before another try, in ms, where that is known: with `rate_limited`, or a locked account. */
  readonly retryAfter?: number;
  /** Which device it is about: the microphone (`audio`) or the camera (`video`), where that is known. */
  readonly kind?: "audio" | "video";

  constructor(
    code: ErrorCode,
    message: string,
    {
      cause,
      retryAfter,
      kind,
    }: { cause?: unknown; retryAfter?: number | undefined; kind?: ErrorData["kind"] | undefined } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    if (retryAfter !== undefined) this.retryAfter = retryAfter;
    if (kind) this.kind = kind;
  }
}

/** Any thrown value as a `TrunklineError`; what is not ours has this code, `what` before its text, and is the `cause`. */
export function toTrunklineError(thrown: unknown, code: ErrorCode = "unexpected", what = ""): TrunklineError {
  if (thrown instanceof TrunklineError) return thrown;
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return new TrunklineError(code, what + text, { cause: thrown });
}

/** An error as data that survives a structured clone. */
export function toErrorData(thrown: unknown): ErrorData {
  const error = toTrunklineError(thrown);
  const cause = error.cause instanceof Error ? `${error.cause.name}: ${error.cause.message}` : error.cause;
  return {
    code: error.code,
    message: error.message,
    ...(error.retryAfter !== undefined && { retryAfter: error.retryAfter }),
    ...(error.kind && { kind: error.kind }),
    ...(cause !== undefined && { cause: String(cause) }),
  };
}

/** The error that `toErrorData` took apart. */
export function fromErrorData(data: ErrorData): TrunklineError {
  return new TrunklineError(data.code, data.message, data);
}
