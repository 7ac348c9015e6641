import { Subject } from "rxjs";
import { expect } from "vitest";
import { type MatrixTransportOptions, matrixTransport } from "../../../src/signaling/transports/matrix.ts";
import type { EventBatch } from "../../../src/streams/contract.ts";
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
export function scripted(options: Partial<MatrixTransportOptions> = {}) {
  const clock = virtualClock();
  const online = new Subject<void>();
  const asked: Asked[] = [];
  const waiting: { readonly wants: (request: Asked) => boolean; readonly take: (request: Asked) => void }[] =
    [];

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
      const at = waiting.findIndex(({ wants }) => wants(request));
      const [waiter] = at < 0 ? [] : waiting.splice(at, 1);
      if (waiter) waiter.take(request);
      else asked.push(request);
    });

  const next = (path?: string): Promise<Asked> => {
    const wants = (request: Asked) => path === undefined || request.path === path;
    const at = asked.findIndex(wants);
    const [request] = at < 0 ? [] : asked.splice(at, 1);
    return request ? Promise.resolve(request) : new Promise((take) => waiting.push({ wants, take }));
  };

  return {
    clock,
    transport: matrixTransport({
      homeserver: "https://hs.test/",
      accessToken: "s3cret",
      clock,
      random: () => 0,
      fetch,
      online$: online,
      ...options,
    }),
    /** The platform says that the network is back. */
    online: () => online.next(),
    /** The next request that was or will be made, of this path where one is named. */
    next,
    /** Requests that were made and not yet taken. */
    asked: asked as readonly Asked[],
    /** Answers the two requests of `identity()`. */
    async identify() {
      (await next("/account/whoami")).json({ user_id: "@us:hs.test", device_id: "OURS" });
      (await next("/keys/query")).json({ device_keys: {} });
    },
  };
}

/** An error as a homeserver says it. */
export const said = (errcode: string, more: object = {}) => ({ errcode, error: `said ${errcode}`, ...more });

/** A coded error, as `rejects` and `toEqual` compare it. */
export const coded = (code: string, more: object = {}) => expect.objectContaining({ code, ...more });

/** A transport that is watched, and past `identity()`. */
export async function watched(options: Partial<MatrixTransportOptions> = {}) {
  const script = scripted(options);
  const batches: EventBatch[] = [];
  const connected: boolean[] = [];
  let error: unknown;
  script.transport.connected$.subscribe((yes) => connected.push(yes));
  const subscription = script.transport.batches$.subscribe({
    next: (batch) => batches.push(batch),
    error: (thrown: unknown) => {
      error = thrown;
    },
  });
  await script.identify();
  return { ...script, batches, connected, subscription, error: () => error };
}
