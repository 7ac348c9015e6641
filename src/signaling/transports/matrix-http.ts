import { FetchHttpApi } from "matrix-js-sdk/lib/http-api/fetch.js";
import type { Method } from "matrix-js-sdk/lib/http-api/method.js";
import { ClientPrefix } from "matrix-js-sdk/lib/http-api/prefix.js";
import {
  catchError,
  defer,
  firstValueFrom,
  map,
  merge,
  Observable,
  switchMap,
  take,
  throwError,
  timeout,
} from "rxjs";
import type { Clock, PreparedRequest } from "../../streams/contract.ts";
import { TrunklineError, toTrunklineError } from "../../streams/errors.ts";
import { requestError } from "./matrix-errors.ts";
import type { MatrixToken } from "./matrix-token.ts";

export type Fetch = typeof globalThis.fetch;

export interface HttpRequest {
  readonly method: `${Method}`;
  readonly path: string;
  /** What comes before the path; that of version 3 of the client API unless told. */
  readonly prefix?: string;
  readonly query?: Record<string, string>;
  readonly body?: object;
  /** How long to wait for the whole answer, in ms; 30 s unless told. */
  readonly within?: number;
}

/** Requests to one homeserver for one device. The answers are parsed JSON, and not looked at. */
export interface Http {
  readonly homeserver: string;
  /**
   * Makes a request on subscription; unsubscribing aborts it. One that is refused for its token is repeated once with
   * a new one, where that can be had. One that is under way when the network comes back is given up, for its
   * connection may be dead. Errors with `homeserver_unreachable`, `not_a_homeserver`, `server_error`, `rate_limited`, `unknown_token`, `event_too_large`, or `forbidden` for any
   * other refusal.
   */
  request(request: HttpRequest): Observable<unknown>;
  /** The same as a promise. */
  ask(request: HttpRequest): Promise<unknown>;
  /** Emits the request as it would be made with the token in force, then with each new one; it is not made. */
  prepare(request: HttpRequest): Observable<PreparedRequest>;
}

const WITHIN = 30_000;

export function matrixHttp(options: {
  readonly homeserver: string;
  readonly token: MatrixToken;
  readonly clock: Clock;
  readonly fetch: Fetch;
  readonly online$: Observable<unknown>;
}): Http {
  const { homeserver, token, clock, fetch, online$ } = options;
  const api = new FetchHttpApi(silent, {
    baseUrl: homeserver,
    prefix: ClientPrefix.V3,
    onlyData: true,
    fetchFn: (resource, init) => fetchWhole(fetch, resource, init),
  });

  const headersFor = (accessToken: string, body: object | undefined) => ({
    Authorization: `Bearer ${accessToken}`,
    ...(body && { "Content-Type": "application/json" }),
  });

  // Not the SDK's `authedRequest`: it takes some turns before it asks, and renews tokens in ways of its own.
  const attempt = ({ method, path, prefix, query, body }: HttpRequest) =>
    new Observable<unknown>((subscriber) => {
      const aborter = new AbortController();
      api
        .request<unknown>(method as Method, path, query, body && JSON.stringify(body), {
          headers: headersFor(token.current, body),
          abortSignal: aborter.signal,
          ...(prefix !== undefined && { prefix }),
        })
        .then(
          (answer) => {
            subscriber.next(answer);
            subscriber.complete();
          },
          (error: unknown) => subscriber.error(requestError(error, homeserver)),
        );
      return () => aborter.abort();
    });

  const dead$ = online$.pipe(
    map(() => {
      throw unanswered(homeserver, "before the network came back");
    }),
  );
  const request = ({ within = WITHIN, ...asked }: HttpRequest) => {
    const answer$ = defer(() => {
      const { current } = token;
      return attempt(asked).pipe(
        catchError((thrown: unknown) => {
          const error = toTrunklineError(thrown);
          if (error.code !== "unknown_token") throw error;
          return defer(() => token.renew(current, error)).pipe(switchMap(() => attempt(asked)));
        }),
      );
    });
    return merge(dead$, answer$).pipe(
      take(1),
      // Not the SDK's `localTimeoutMs`: it leaves a timer behind for each request, and knows no other clock.
      timeout({
        first: within,
        scheduler: clock,
        with: () => throwError(() => unanswered(homeserver, `within ${within / 1_000} s`)),
      }),
    );
  };

  const prepare = ({ method, path, prefix, query, body }: HttpRequest) =>
    token.current$.pipe(
      map((accessToken) => ({
        url: api.getUrl(path, query, prefix).href,
        method,
        headers: headersFor(accessToken, body),
        body: JSON.stringify(body),
      })),
    );

  return { homeserver, request, ask: (asked) => firstValueFrom(request(asked)), prepare };
}

/** The SDK tells its client of a lost login through events; here errors tell it. */
type Emitter = ConstructorParameters<typeof FetchHttpApi>[0];
const silent = { emit: () => false } as Pick<Emitter, "emit"> as Emitter;

/**
 * Reads the body here, because the SDK lets go of the abort signal once it has the headers: a body that stalls would
 * be waited for without end. And makes every error body a JSON object, because the SDK drops the status of others.
 */
async function fetchWhole(
  fetch: Fetch,
  resource: Parameters<Fetch>[0],
  init: Parameters<Fetch>[1],
): Promise<Response> {
  const response = await fetch(resource, init);
  const text = await response.text();
  const { status } = response;
  if (response.ok) return new Response(text, { status: 200, headers: response.headers });
  const headers = new Headers(response.headers);
  headers.set("Content-Type", "application/json");
  return new Response(isObject(text) ? text : "{}", { status, headers });
}

function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null;
  } catch {
    return false;
  }
}

const unanswered = (homeserver: string, when: string) =>
  new TrunklineError("homeserver_unreachable", `${homeserver} did not answer ${when}`);
