import { BehaviorSubject, type Observable, type Subscription } from "rxjs";
import type { FinalRequest, PreparedRequest, Transport } from "../streams/contract.ts";
import { type Call, from, needsHangup, refOf } from "./call-state.ts";
import { encode, type Outgoing } from "./encode.ts";
import { isTerminal, type QueuedEvent } from "./outbox-order.ts";

/** A call, and what it has on its way to the homeserver. */
interface Own {
  readonly call: Call;
  readonly pending: ReadonlyMap<QueuedEvent, unknown>;
}

interface Entry {
  readonly txnId: string;
  preparing?: Subscription | undefined;
  request?: PreparedRequest | undefined;
}

/** The transaction of an event that a call has once: whoever sends it again, it is stored once (P30). */
export const onceTxnId = ({ us }: Call, { type }: Outgoing): string => `${us.partyId}.${type}`;

export interface FinalRequests {
  /** As `SignalingHalf.finalRequests$`. */
  readonly list$: Observable<readonly FinalRequest[]>;
  /** To be called when the call, or what it has on its way, may have changed. */
  update(own: Own): void;
  close(): void;
}

/**
 * Keeps ready what a page that closes has to send for each call: the event that ends it, where that is on its way, and
 * a hangup where the peer would wait for us.
 */
export function createFinalRequests(prepareSend: Transport["prepareSend"]): FinalRequests {
  const entries = new Map<Own, Entry>();
  const list$ = new BehaviorSubject<readonly FinalRequest[]>([]);
  const emit = () =>
    list$.next(
      [...entries].flatMap(([{ call }, { request }]) => (request ? [{ ...refOf(call), ...request }] : [])),
    );

  return {
    list$,
    update(own) {
      const final = finalOf(own);
      const present = entries.get(own);
      if (present?.txnId === final?.txnId) return;
      present?.preparing?.unsubscribe();
      entries.delete(own);
      if (final) {
        const { event, txnId } = final;
        const entry: Entry = { txnId };
        entries.set(own, entry);
        entry.preparing = prepareSend?.(own.call.roomId, event.type, event.content, txnId).subscribe({
          next(request) {
            entry.request = request;
            emit();
          },
          error: () => {}, // then there is none
        });
      }
      if (present?.request) emit();
    },
    close() {
      for (const { preparing } of entries.values()) preparing?.unsubscribe();
      list$.complete();
    },
  };
}

/** What the closing of the page would leave unsaid. */
function finalOf({ call, pending }: Own): Pick<QueuedEvent, "event" | "txnId"> | undefined {
  const event = encode.hangup(from(call), "user_hangup");
  return needsHangup(call) ? { event, txnId: onceTxnId(call, event) } : [...pending.keys()].find(isTerminal);
}
