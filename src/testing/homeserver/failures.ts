import { firstValueFrom, merge, type Observable, timer } from "rxjs";
import type { Clock } from "../../streams/contract.ts";
import { MatrixError, rateLimited } from "./error.ts";

/** Which requests fail, and how. Without `times`, all until `heal()`. */
export type FailureRule = {
  readonly method?: string;
  /** Held against the path as it is sent, percent-encoded; a text matches where the path contains it. */
  readonly path?: string | RegExp;
  readonly times?: number;
} & Failure;

export type Failure =
  /** 429. `retryAfter` (s) goes into the `Retry-After` header, `retryAfterMs` into the body; each may be missing. */
  | { readonly type: "rate_limited"; readonly retryAfter?: number; readonly retryAfterMs?: number }
  /** Without a `body`: 500 as Synapse says it, any other as a proxy in front of it would, with a page and not JSON. */
  | {
      readonly type: "status";
      readonly status: number;
      readonly body?: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** A sync is answered at once, whatever its `timeout`. */
  | { readonly type: "unheld" }
  /** The connection breaks before the request is handled: `fetch` rejects with a `TypeError`. */
  | { readonly type: "dropped" }
  /** The request is handled, and the connection breaks before the answer is out. */
  | { readonly type: "answer_lost" }
  /** The request is handled only after `ms`. */
  | { readonly type: "slow"; readonly ms: number };

type Handle = (request: Request) => Promise<Response>;

export interface Failures {
  add(rule: FailureRule): void;
  clear(): void;
  /** Handles a request, or fails it as the oldest rule says that it matches. */
  around(request: Request, handle: Handle, gone$: Observable<never>): Promise<Response>;
}

export function createFailures(clock: Clock): Failures {
  let rules: { readonly rule: FailureRule; left: number }[] = [];

  function take(request: Request): Failure | undefined {
    const active = rules.find(({ rule, left }) => left > 0 && matches(rule, request));
    if (active) active.left -= 1;
    return active?.rule;
  }

  return {
    add: (rule) => void rules.push({ rule, left: rule.times ?? Number.POSITIVE_INFINITY }),
    clear() {
      rules = [];
    },
    async around(request, handle, gone$) {
      const failure = take(request);
      switch (failure?.type) {
        case undefined:
          return handle(request);
        case "unheld":
          return handle(unheld(request));
        case "rate_limited": {
          const { retryAfter: header, retryAfterMs: body } = failure;
          const wait = { ...(header !== undefined && { header }), ...(body !== undefined && { body }) };
          return rateLimited(wait).toResponse();
        }
        case "status":
          return statusAnswer(failure);
        case "dropped":
          throw new TypeError("The connection was dropped, as asked");
        case "answer_lost":
          await handle(request);
          throw new TypeError("The answer was lost, as asked");
        case "slow":
          await firstValueFrom(merge(timer(failure.ms, clock), gone$));
          return handle(request);
      }
    },
  };
}

function matches({ method, path }: FailureRule, request: Request): boolean {
  if (method !== undefined && method !== request.method) return false;
  const asked = new URL(request.url).pathname;
  return typeof path === "string" ? asked.includes(path) : (path?.test(asked) ?? true);
}

function unheld(request: Request): Request {
  const url = new URL(request.url);
  url.searchParams.delete("timeout");
  return new Request(url, request);
}

function statusAnswer({ status, body, headers }: Extract<Failure, { type: "status" }>): Response {
  if (body !== undefined)
    return new Response(body, { status, headers: { "Content-Type": "application/json", ...headers } });
  if (status === 500) return new MatrixError(500, "M_UNKNOWN", "Internal server error").toResponse();
  const page = `<html><body>${status}</body></html>`;
  return new Response(page, { status, headers: { "Content-Type": "text/html", ...headers } });
}
