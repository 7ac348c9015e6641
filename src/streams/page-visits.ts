/** When the page that we run in goes, and comes back as it was. In workers, and outside browsers, nothing emits. */
import { Observable } from "rxjs";

// What is taken from the platform here: pages have it, no `lib` of this project names it.
interface Visit {
  readonly persisted: boolean;
}
interface Scope {
  addEventListener?(type: string, listener: (event: Visit) => void): void;
  removeEventListener?(type: string, listener: (event: Visit) => void): void;
}

const on = (type: string): Observable<boolean> =>
  new Observable((subscriber) => {
    const scope = globalThis as Scope;
    const listener = ({ persisted }: Visit) => subscriber.next(persisted);
    scope.addEventListener?.(type, listener);
    return () => scope.removeEventListener?.(type, listener);
  });

/** Emits when the page is left: true where the browser may keep it for a return (its back/forward cache). */
export const pageHide$ = on("pagehide");

/** Emits when the page is shown: true where it has been kept, and goes on. */
export const pageShow$ = on("pageshow");
