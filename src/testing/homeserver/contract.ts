import type { Clock } from "../../streams/contract.ts";
import type { DelayedEventsForm } from "./delayed.ts";
import type { FailureRule } from "./failures.ts";
import type { RateLimit } from "./ratelimit.ts";
import type { TurnConfig } from "./turn.ts";

export interface HomeserverOptions {
  /** What comes after the colon of its user ids. Default: `homeserver.test`. */
  readonly serverName?: string;
  /** Where its time comes from: ages, long polls, delayed events, rate limits, slowness. Default: real time. */
  readonly clock?: Clock;
  /** How fast a user may send; Synapse's default is `{ burst: 10, perSecond: 0.2 }` (P30). Default: no limit. */
  readonly rateLimit?: RateLimit;
  /** How it has delayed events (P34). Default: `parameter`. */
  readonly delayedEvents?: DelayedEventsForm;
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
