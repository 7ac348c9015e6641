import { Observable } from "rxjs";

/**
 * Emits when the platform says that the network is back: the `online` event of a window or a worker. Elsewhere, in
 * Node and Deno, never. Never errors or completes.
 */
export const online$: Observable<unknown> = new Observable((subscriber) => {
  const emit = (event: unknown) => subscriber.next(event);
  globalThis.addEventListener?.("online", emit);
  return () => globalThis.removeEventListener?.("online", emit);
});
