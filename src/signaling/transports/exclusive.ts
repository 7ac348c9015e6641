import { defer, finalize, type Observable, throwError } from "rxjs";
import { TrunklineError } from "../../streams/errors.ts";

/** Lets one subscriber in at a time: two syncs of one device would eat each other's messages. */
export function exclusive<T>(batches$: Observable<T>): Observable<T> {
  let taken = false;
  return defer(() => {
    if (taken) return throwError(secondSubscriber);
    taken = true;
    return batches$.pipe(
      finalize(() => {
        taken = false;
      }),
    );
  });
}

function secondSubscriber(): TrunklineError {
  return new TrunklineError(
    "wrong_state",
    "batches$ has a subscriber already: share the one subscription, or unsubscribe it first",
  );
}
