import type { EventBatch } from "./contract.ts";

/** A batch that has waited for `ms` since it was emitted: so much older are its events (P8). */
export function aged(batch: EventBatch, ms: number): EventBatch {
  if (ms <= 0) return batch;
  const since = batch.live ? 0 : Number.POSITIVE_INFINITY;
  return {
    ...batch,
    events: batch.events.map((event) => ({ ...event, age: Math.max(0, event.age ?? since) + ms })),
  };
}
