import { useMemo, useSyncExternalStore } from "react";
import type { Observable } from "rxjs";

/** The latest value of an observable; `initial` until there is one. */
export function useObservable<T>(source$: Observable<T>, initial: T): T {
  const store = useMemo(() => {
    let value = initial;
    return {
      read: () => value,
      subscribe(changed: () => void) {
        const subscription = source$.subscribe((next) => {
          value = next;
          changed();
        });
        return () => subscription.unsubscribe();
      },
    };
  }, [source$, initial]);
  return useSyncExternalStore(store.subscribe, store.read);
}
