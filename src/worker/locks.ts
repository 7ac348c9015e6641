import { catchError, EMPTY, Observable } from "rxjs";
import { named } from "../streams/protocol.ts";

/**
 * A thread that ends lets go of its Web Locks at once, whatever ended it: `terminate()`, `close()`, a crash. No
 * heartbeat is as exact, nor as unmoved by a thread that is busy, frozen or asleep.
 */

/** Held by a tab, or by a hub's worker, for as long as it is there. */
export const tabLock = (tab: string): string => named(`tab ${tab}`);
export const hubLock = (hub: string): string => named(`hub ${hub}`);

/**
 * Holds the lock from when it is free; emits once, when that is. Unsubscribing releases it, and so does the end of the
 * page or worker that holds it, however it ends; a frozen page goes on holding it. Errors where locks are forbidden,
 * such as in a sandbox, or unknown.
 */
export function hold(name: string): Observable<void> {
  return new Observable((subscriber) => {
    const waiting = new AbortController();
    let release = () => waiting.abort();
    navigator.locks
      .request(name, { signal: waiting.signal }, () => {
        const holding = new Promise<void>((resolve) => {
          release = resolve;
        });
        subscriber.next();
        return holding;
      })
      .catch((error) => subscriber.error(error)); // nobody hears of it where that was asked for
    return () => release();
  });
}

/** The same, but completes where there are no locks. */
export const holdLock = (name: string): Observable<void> => hold(name).pipe(catchError(() => EMPTY));

/**
 * Emits once when nobody holds the lock any more that another thread has taken. Completes without where that lock
 * cannot be seen from here: it is another's, of another origin.
 */
export function lockReleased(name: string): Observable<void> {
  return new Observable((subscriber) => {
    const waiting = new AbortController();
    const wait = async () => {
      const { locks } = navigator;
      const visible = await locks.request(name, { ifAvailable: true }, (lock) => lock === null);
      if (visible) await locks.request(name, { signal: waiting.signal }, () => subscriber.next());
    };
    wait().then(
      () => subscriber.complete(),
      () => subscriber.complete(),
    );
    return () => waiting.abort();
  });
}
