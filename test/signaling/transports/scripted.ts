import { expect } from "vitest";
import { matrixTransport } from "../../../src/signaling/transports/matrix.ts";
import { virtualClock } from "../../../src/testing/clock.ts";

/** A request that waits for the test to answer it. */
export interface Asked {
  readonly method: string;
  /** Without `/_matrix/client/v3`. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
  readonly headers: Headers;
  readonly signal: AbortSignal;
  json(body: unknown, status?: number, headers?: Record<string, string>): void;
  answer(response: Response): void;
  fail(error: Error): void;
}

/** A matrix transport on a virtual clock, whose every request the test answers. */
export function scripted(options: { readonly userId?: string; readonly deviceId?: string } = {}) {
  const clock = virtualClock();
  const asked: Asked[] = [];
  const waiting: ((request: Asked) => void)[] = [];

  const fetch: typeof globalThis.fetch = (resource, init) =>
    new Promise((resolve, reject) => {
      const { pathname, searchParams } = new URL(String(resource));
      const signal = init?.signal as AbortSignal;
      signal.addEventListener("abort", () => reject(signal.reason));
      const request: Asked = {
        method: init?.method ?? "GET",
        path: pathname.replace("/_matrix/client/v3", ""),
        query: searchParams,
        body: typeof init?.body === "string" ? JSON.parse(init.body) : undefined,
        headers: new Headers(init?.headers),
        signal,
        json: (body, status = 200, headers = {}) => resolve(Response.json(body, { status, headers })),
        answer: resolve,
        fail: reject,
      };
      const waiter = waiting.shift();
      if (waiter) waiter(request);
      else asked.push(request);
    });

  const next = (): Promise<Asked> => {
    const request = asked.shift();
    return request ? Promise.resolve(request) : new Promise((resolve) => waiting.push(resolve));
  };

  return {
    clock,
    transport: matrixTransport({
      homeserver: "https://hs.test/",
      accessToken: "s3cret",
      clock,
      random: () => 0,
      fetch,
      ...options,
    }),
    /** The next request that was or will be made. */
    next,
    /** Requests that were made and not yet taken. */
    asked: asked as readonly Asked[],
    /** Answers the two requests of `identity()`. */
    async identify() {
      (await next()).json({ user_id: "@us:hs.test", device_id: "OURS" });
      (await next()).json({ device_keys: {} });
    },
  };
}

/** An error as a homeserver says it. */
export const said = (errcode: string, more: object = {}) => ({ errcode, error: `said ${errcode}`, ...more });

/** A coded error, as `rejects` and `toEqual` compare it. */
export const coded = (code: string, more: object = {}) => expect.objectContaining({ code, ...more });
