import { Observable } from "rxjs";

/**
 * A thread that ends lets go of its locks at once, whatever ended it: `terminate()`, `close()`, a crash. No heartbeat is
 * as exact, nor as unmoved by a thread that is busy, frozen or asleep.
 */
const locks = (): LockManager | undefined => globalThis.navigator?.locks;

/** Takes a lock and keeps it until it is unsubscribed; emits once when it is held. Completes where there are no locks. */
export function holdLock(name: string): Observable<void> {
  return new Observable((subscriber) => {
    const { signal, abort } = aborter();
    const hold = () => {
      subscriber.next();
      return new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    };
    // Refused where the thread has no origin of its own, such as in a sandbox.
    Promise.resolve(locks()?.request(name, { signal }, hold)).then(
      () => subscriber.complete(),
      () => subscriber.complete(),
    );
    return abort;
  });
}

/**
 * Emits once when nobody holds the lock any more that another thread has taken. Completes without where that lock
 * cannot be seen from here: it is another's, of another origin.
 */
export function lockReleased(name: string): Observable<void> {
  return new Observable((subscriber) => {
    const { signal, abort } = aborter();
    const wait = async () => {
      const visible = await locks()?.request(name, { ifAvailable: true }, (lock) => lock === null);
      if (visible) await locks()?.request(name, { signal }, () => subscriber.next());
    };
    wait().then(
      () => subscriber.complete(),
      () => subscriber.complete(),
    );
    return abort;
  });
}

function aborter() {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}
