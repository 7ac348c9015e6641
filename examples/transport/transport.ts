/** A transport over any way to a relay (relay.ts). */
import { BehaviorSubject, defer, firstValueFrom, type Observable, throwError, timer } from "rxjs";
import {
  catchError,
  distinctUntilChanged,
  finalize,
  first,
  map,
  repeat,
  retry,
  timeout,
} from "rxjs/operators";
import type { EventBatch, Identity, Transport } from "trunkline/streams";
import { fromErrorData, isTransient, TrunklineError } from "trunkline/streams";
import type { Ask, News, Wire } from "./protocol.ts";

export function relayTransport(wire: Wire, token: string): Transport {
  const connected = new BehaviorSubject(false);
  let isRead = false;

  // What the relay refuses has a code of its own; whatever else goes wrong is worth another try.
  const ask = <T>(request: Ask): Observable<T> =>
    defer(() => wire({ ...request, token, id: crypto.randomUUID() })).pipe(
      timeout(30_000),
      first(),
      catchError((cause) => throwError(() => unreachable(cause))),
      map(({ value, error }) => {
        if (error) throw fromErrorData(error);
        return value as T;
      }),
    );
  const identity = () => firstValueFrom(ask<Identity>({ type: "identity" }));

  const sync$ = defer(() => {
    let since: number | undefined;
    return defer(() => ask<News>({ type: "sync", since })).pipe(
      map(({ next, events, members }): EventBatch => {
        const live = since !== undefined;
        since = next;
        connected.next(true);
        return { live, events, members };
      }),
      retry({
        delay(error) {
          connected.next(false);
          return isTransient(error) ? timer(1_000) : throwError(() => error);
        },
      }),
      repeat(),
      finalize(() => connected.next(false)),
    );
  });

  return {
    batches$: defer(() => {
      if (isRead) throw new TrunklineError("wrong_state", "batches$ has a subscriber already");
      isRead = true;
      return sync$.pipe(
        finalize(() => {
          isRead = false;
        }),
      );
    }),
    connected$: connected.pipe(distinctUntilChanged()),
    identity,
    send: (roomId, type, content, txnId) =>
      firstValueFrom(ask<string>({ type: "send", event: { roomId, type, content }, txnId })),
    turnServers: async () => {
      await identity();
      return { iceServers: [], ttl: 86_400 };
    },
  };
}

const unreachable = (cause: unknown) =>
  new TrunklineError("homeserver_unreachable", "The relay does not answer", { cause });
