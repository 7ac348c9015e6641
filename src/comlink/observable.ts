import { Observable, type Subscription, tap } from "rxjs";
import { type ErrorData, fromErrorData, TrunklineError, toErrorData } from "../streams/errors.ts";
import { listen, type PortLike } from "../streams/port.ts";

/** What the source's end sends on the port of a subscription. Whatever the other end sends unsubscribes. */
type Notice =
  | { readonly kind: "next"; readonly value: unknown }
  | { readonly kind: "error"; readonly error: ErrorData }
  | { readonly kind: "complete" };

/**
 * Subscribes to a source for the far end of a port, and sends it what that emits, its error or completion. Unsubscribes
 * when the far end does so or is gone, or the result is unsubscribed. A value that cannot be cloned ends the stream with `unexpected`. Closes the port
 * in the end.
 */
export function sendStream(port: PortLike, source: Observable<unknown>): Subscription {
  const post = (notice: Notice) => port.postMessage(notice);
  const next = (value: unknown) => {
    try {
      post({ kind: "next", value });
    } catch (cause) {
      const message = "What an Observable emitted cannot be cloned; give plain data only";
      throw new TrunklineError("unexpected", message, { cause });
    }
  };
  const end = () => sent.unsubscribe();
  listen(port, end, end);
  // Sent within the pipe: what `tap` throws unsubscribes the source at once, one that emits in a loop included.
  const sent = source.pipe(tap(next)).subscribe({
    error: (thrown) => post({ kind: "error", error: toErrorData(thrown) }),
    complete: () => post({ kind: "complete" }),
  });
  sent.add(() => port.close());
  return sent;
}

/**
 * The stream that `sendStream` sends to the far end of a port. Each subscription opens a port of its own, which is closed
 * when it ends. Errors with `worker_lost` where the far end is gone and the platform reports it.
 */
export function receiveStream<T>(open: () => PortLike): Observable<T> {
  return new Observable((subscriber) => {
    const port = open();
    const receive = ({ data }: { readonly data?: unknown }) => {
      const notice = data as Notice;
      if (notice.kind === "next") subscriber.next(notice.value as T);
      else if (notice.kind === "error") subscriber.error(fromErrorData(notice.error));
      else subscriber.complete();
    };
    listen(port, receive, () => subscriber.error(lost()));
    return () => {
      port.postMessage({ kind: "unsubscribe" });
      port.close();
    };
  });
}

export const lost = (): TrunklineError =>
  new TrunklineError("worker_lost", "The far end of the port is gone");
