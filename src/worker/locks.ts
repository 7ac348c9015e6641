import { catchError, EMPTY, Observable } from "rxjs";
import { named } from "../streams/protocol.ts";

/**
 * A thread that ends lets go of its Web Locks at once, whatever ended it: `terminate()`, `close()`, a crash. No
 * heartbeat is as exact, nor as unmoved by a thread that is busy, frozen or asleep.
 */

/** Held by a tab for as long as it is there. */
export const tabLock = (tab: string): string => named(`tab ${tab}`);
/** Held by the one of these tabs that leads. */
export const leaderLock = (name: string): string => named(`leader ${name}`);
/** Held by the worker in which the hub of these tabs runs. */
export const hubLock = (name: string, hub: string): string => named(`hub ${name} ${hub}`);

/**
 * Holds the lock from when it is free, or from now on where it is stolen; emits once, when that is. Unsubscribing
 * releases it, and so does the end of the page or worker that holds it, however it ends; a frozen page goes on holding
 * it. Errors with an `AbortError` when another steals it, and where locks are forbidden, such as in a sandbox, or
 * unknown.
 */
export function hold(name: string, steal = false): Observable<void> {
  return new Observable((subscriber) => {
    const waiting = new AbortController();
    let release = () => waiting.abort();
    navigator.locks
      .request(name, steal ? { steal } : { signal: waiting.signal }, () => {
        // Left before it was had: only one that is stolen cannot be called off.
        if (subscriber.closed) return undefined;
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

/** Whether an error of `hold` is that of a lock that was stolen. */
export const isStolen = (error: unknown): boolean => (error as Partial<Error> | null)?.name === "AbortError";

/** `hold`, but completes where there are no locks. */
export const holdLock = (name: string): Observable<void> => hold(name).pipe(catchError(() => EMPTY));

/** The locks that anybody of this origin holds, as they are: nothing here was remembered while this thread stood still. */
export const heldLocks = async (): Promise<readonly LockInfo[]> => (await navigator.locks.query()).held ?? [];

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
