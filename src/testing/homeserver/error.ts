/** An answer of a homeserver that says no: a status, an `errcode`, and what some codes add to them. */
export class MatrixError extends Error {
  readonly status: number;
  readonly errcode: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    errcode: string,
    message: string,
    more: { details?: Record<string, unknown>; headers?: Record<string, string> } = {},
  ) {
    super(message);
    this.status = status;
    this.errcode = errcode;
    this.details = more.details ?? {};
    this.headers = more.headers ?? {};
  }

  toResponse(): Response {
    const body = { errcode: this.errcode, error: this.message, ...this.details };
    return Response.json(body, { status: this.status, headers: this.headers });
  }
}

export const badJson = (message: string) => new MatrixError(400, "M_BAD_JSON", message);
export const invalidParam = (message: string) => new MatrixError(400, "M_INVALID_PARAM", message);
export const forbidden = (message: string) => new MatrixError(403, "M_FORBIDDEN", message);
export const notFound = (message: string) => new MatrixError(404, "M_NOT_FOUND", message);
export const tooLarge = (message: string) => new MatrixError(413, "M_TOO_LARGE", message);

/** `M_UNRECOGNIZED`: 404 where no such path is known, 405 where the path is known and the method is not. */
export const unrecognized = (status: 404 | 405) =>
  new MatrixError(status, "M_UNRECOGNIZED", "This homeserver does not know that request");

/** 429. Synapse says when to come back twice: in whole seconds as a header, in ms in the body (P30). */
export function rateLimited(wait: { header?: number; body?: number }): MatrixError {
  return new MatrixError(429, "M_LIMIT_EXCEEDED", "Too many requests", {
    ...(wait.body !== undefined && { details: { retry_after_ms: wait.body } }),
    ...(wait.header !== undefined && { headers: { "Retry-After": String(wait.header) } }),
  });
}
