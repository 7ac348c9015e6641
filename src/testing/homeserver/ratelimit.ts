import type { Clock } from "../../streams/contract.ts";
import { rateLimited } from "./error.ts";

export interface RateLimit {
  /** How many events a user may send at once. */
  readonly burst: number;
  /** How many a second after that. */
  readonly perSecond: number;
}

export interface Limiter {
  /** Throws `M_LIMIT_EXCEEDED` where the user has to wait. */
  check(userId: string): void;
  /** Counts an event that got through. */
  count(userId: string): void;
}

/** A leaky bucket a user, as Synapse has it: a refused event costs nothing (P30). Without a limit, all is let through. */
export function createLimiter(clock: Clock, limit: RateLimit | undefined): Limiter {
  if (!limit) return { check() {}, count() {} };
  const buckets = new Map<string, { level: number; at: number }>();
  const levelOf = (userId: string) => {
    const { level, at } = buckets.get(userId) ?? { level: 0, at: 0 };
    return Math.max(0, level - ((clock.now() - at) / 1000) * limit.perSecond);
  };
  return {
    check(userId) {
      // What the arithmetic leaves over must not make a user wait who came back on time.
      const wait = Math.ceil(((levelOf(userId) + 1 - limit.burst) / limit.perSecond) * 1000 - 1e-6);
      if (wait <= 0) return;
      throw rateLimited({ header: Math.ceil(wait / 1000), body: wait });
    },
    count: (userId) => void buckets.set(userId, { level: levelOf(userId) + 1, at: clock.now() }),
  };
}
