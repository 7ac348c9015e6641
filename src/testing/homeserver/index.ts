import { realClock } from "../../streams/clock.ts";
import type { Homeserver, HomeserverOptions } from "./contract.ts";
import { serveStore } from "./serve.ts";
import { createStore } from "./store.ts";

export type { Account, Homeserver, HomeserverOptions } from "./contract.ts";
export type { DelayedEventsForm } from "./delayed.ts";
export type { Failure, FailureRule } from "./failures.ts";
export type { RateLimit } from "./ratelimit.ts";
export type { TurnConfig } from "./turn.ts";

export function createHomeserver(options: HomeserverOptions = {}): Homeserver {
  const { serverName = "homeserver.test", clock = realClock, tokenLifetime } = options;
  return serveStore(createStore(serverName, clock, tokenLifetime), options);
}
