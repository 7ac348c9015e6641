import type { Observable } from "rxjs";
import { onScopeDispose, type ShallowRef, shallowRef } from "vue";

/** A ref with the latest value of an observable; `undefined` until there is one. Streams and calls stay as they are. */
export function useObservable<T>(source$: Observable<T>): Readonly<ShallowRef<T | undefined>> {
  const value = shallowRef<T>();
  const subscription = source$.subscribe((next) => {
    value.value = next;
  });
  onScopeDispose(() => subscription.unsubscribe());
  return value;
}
