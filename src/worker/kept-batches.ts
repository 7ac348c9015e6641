import { concat, defer, from, type Observable, Subject, type Subscription } from "rxjs";
import { aged } from "../streams/aged.ts";
import type { Clock, EventBatch } from "../streams/contract.ts";

/** How many batches are kept while no engine reads: some minutes of a busy account. Beyond it the oldest are lost. */
const KEPT = 1_000;

/** A transport's batches, read on while one engine after the other reads them. */
export interface KeptBatches {
  /**
   * Emits what has not been read to its end yet, older by how long it waited, then each batch as it comes; ends as the
   * source does. Reading of the
   * source begins with the first subscription and goes on without any. Each batch has a position of ours.
   */
  readonly batches$: Observable<EventBatch>;
  /** An engine has read the batch of this position to its end, and those before it. */
  read(position: string): void;
  /** Stops reading. */
  close(): void;
}

export function keepBatches(source$: Observable<EventBatch>, clock: Clock): KeptBatches {
  const live = new Subject<EventBatch>();
  let unread: readonly { readonly batch: EventBatch; readonly at: number }[] = [];
  let count = 0;
  let reading: Subscription | undefined;

  const keep = (batch: EventBatch) => {
    count += 1;
    const placed = { ...batch, position: `${count}` };
    unread = [...unread.slice(1 - KEPT), { batch: placed, at: clock.now() }];
    live.next(placed);
  };

  return {
    batches$: defer(() => {
      // What the source emits at once is among the unread.
      reading ??= source$.subscribe({
        next: keep,
        error: (error) => live.error(error),
        complete: () => live.complete(),
      });
      return concat(
        defer(() => from(unread.map(({ batch, at }) => aged(batch, clock.now() - at)))),
        live,
      );
    }),
    read(position) {
      const at = unread.findIndex(({ batch }) => batch.position === position);
      unread = unread.slice(at + 1);
    },
    close: () => reading?.unsubscribe(),
  };
}
