import { Observable, Subject } from "rxjs";

/** A stream that keeps what it emits until its one subscriber comes. */
export class FakeBuffer<T> {
  readonly stream$: Observable<T>;
  readonly #live$ = new Subject<T>();
  #kept: T[] = [];

  constructor() {
    this.stream$ = new Observable((subscriber) => {
      while (this.#kept.length > 0 && !subscriber.closed) subscriber.next(this.#kept.shift() as T);
      return this.#live$.subscribe(subscriber);
    });
  }

  next(value: T): void {
    if (this.#live$.observed) this.#live$.next(value);
    else this.#kept.push(value);
  }

  clear(): void {
    this.#kept = [];
  }

  complete(): void {
    this.#live$.complete();
  }
}
