import { Observable } from "rxjs";

// Web Locks, by shape: pages and their workers have them, no `lib` of this project names them.
interface Signal {
  readonly aborted: boolean;
}
declare const AbortController: new () => { readonly signal: Signal; abort(): void };
declare const navigator: {
  readonly locks: {
    request(name: string, options: { signal: Signal }, hold: () => Promise<void> | void): Promise<unknown>;
  };
};

/** Held by a tab, or by a hub's worker, for as long as it is there. */
export const tabLock = (tab: string): string => `trunkline tab ${tab}`;
export const hubLock = (hub: string): string => `trunkline hub ${hub}`;

/**
 * Holds the lock from when it is free; emits once, when that is. Unsubscribing releases it, and so does the end of the
 * page or worker that holds it, however it ends; a frozen page goes on holding it. Errors where locks are forbidden.
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
