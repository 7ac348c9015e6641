/// <reference lib="esnext.disposable" />
import { defer, firstValueFrom, map, merge, Observable, Subject } from "rxjs";
import { realClock } from "../../streams/clock.ts";
import type { Clock } from "../../streams/contract.ts";
import { accountRoutes, addUser, logIn } from "./accounts.ts";
import { closeRoutes, createApp, type Server } from "./app.ts";
import { createDelayed, delayedRoutes } from "./delayed.ts";
import { deviceRoutes } from "./devices.ts";
import { createFailures, type FailureRule } from "./failures.ts";
import { filterRoutes } from "./filter.ts";
import { profileRoutes } from "./profile.ts";
import { randomText } from "./random.ts";
import { createLimiter, type RateLimit } from "./ratelimit.ts";
import { roomRoutes } from "./rooms.ts";
import { sendRoutes } from "./send.ts";
import { startRoutes } from "./start.ts";
import { stateRoutes } from "./state.ts";
import { createStore } from "./store.ts";
import { syncRoutes } from "./sync.ts";
import { type TurnConfig, turnRoutes } from "./turn.ts";

export type { Failure, FailureRule } from "./failures.ts";
export type { RateLimit } from "./ratelimit.ts";
export type { TurnConfig } from "./turn.ts";

export interface HomeserverOptions {
  /** What comes after the colon of its user ids. Default: `homeserver.test`. */
  readonly serverName?: string;
  /** Where its time comes from: ages, long polls, delayed events, rate limits, slowness. Default: real time. */
  readonly clock?: Clock;
  /** How fast a user may send; Synapse's default is `{ burst: 10, perSecond: 0.2 }` (P30). Default: no limit. */
  readonly rateLimit?: RateLimit;
  /** The TURN servers that it names (P29). Default: none. */
  readonly turn?: TurnConfig;
  /** How long the access tokens of logins that ask for a refresh token live, in ms. Default: 5 minutes. */
  readonly tokenLifetime?: number;
}

export interface Account {
  readonly userId: string;
  readonly deviceId: string;
  readonly accessToken: string;
  readonly password: string;
}

/** A Matrix homeserver in memory, with as much of the client-server API as a call needs. */
export interface Homeserver {
  /**
   * Answers a request as the homeserver would, whatever the origin in its URL. Like the platform's `fetch` it rejects
   * only where no answer came: with the signal's reason where the request was aborted, with a `TypeError` where the
   * connection was dropped (see `fail`) or the homeserver is closed.
   */
  fetch(request: Request): Promise<Response>;
  /** Registers a user and logs them in, without a request. Throws where the name is taken or not allowed. */
  createUser(localpart: string, options?: { readonly deviceId?: string }): Account;
  /** Makes requests fail from now on. Of several rules, the oldest that matches and has times left decides. */
  fail(rule: FailureRule): void;
  /** Takes back every `fail`. */
  heal(): void;
  /** Breaks every waiting request and drops delayed events; later requests are refused. */
  close(): void;
  [Symbol.dispose](): void;
}

export function createHomeserver(options: HomeserverOptions = {}): Homeserver {
  const clock = options.clock ?? realClock;
  const store = createStore(options.serverName ?? "homeserver.test", clock, options.tokenLifetime ?? 300_000);
  const limiter = createLimiter(clock, options.rateLimit);
  const delayed = createDelayed(store);
  const app = createRoutes({ store, limiter, delayed, turn: options.turn });
  const failures = createFailures(clock);
  const closed$ = new Subject<never>();
  const close = () => {
    closed$.error(new TypeError("The homeserver is closed"));
    delayed.close();
  };

  async function handle(request: Request, gone$: Observable<never>): Promise<Response> {
    try {
      return await app.fetch(request, { gone$ });
    } finally {
      store.flush();
    }
  }

  return {
    fetch(request) {
      const gone$ = merge(aborted$(request.signal), closed$);
      const answer$ = defer(() => failures.around(request, () => handle(request, gone$), gone$));
      return firstValueFrom(merge(gone$, answer$).pipe(map(withCors)));
    },
    createUser(localpart, { deviceId } = {}) {
      const password = randomText(22);
      const device = logIn(store, addUser(store, localpart, password), deviceId);
      return { userId: device.user.id, deviceId: device.id, accessToken: device.token, password };
    },
    fail: failures.add,
    heal: failures.clear,
    close,
    [Symbol.dispose]: close,
  };
}

function createRoutes(server: Server) {
  const app = createApp();
  const groups = [
    startRoutes,
    accountRoutes,
    deviceRoutes,
    profileRoutes,
    roomRoutes,
    stateRoutes,
    sendRoutes,
    delayedRoutes,
  ];
  for (const routes of [...groups, filterRoutes, syncRoutes, turnRoutes]) routes(app, server);
  closeRoutes(app);
  return app;
}

/** Matrix clients in a browser come from anywhere. What Synapse does not expose, `Retry-After` say, is not exposed. */
function withCors(response: Response): Response {
  response.headers.set("Access-Control-Allow-Origin", "*");
  response.headers.set("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, DELETE, OPTIONS");
  response.headers.set("Access-Control-Allow-Headers", "X-Requested-With, Content-Type, Authorization, Date");
  return response;
}

/** Errors with the signal's reason when it aborts; emits nothing else. */
const aborted$ = (signal: AbortSignal) =>
  new Observable<never>((subscriber) => {
    const abort = () => subscriber.error(signal.reason);
    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort);
    return () => signal.removeEventListener("abort", abort);
  });
