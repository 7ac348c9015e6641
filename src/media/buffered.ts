import { Observable, Subject } from "rxjs";

/** A stream that keeps what it emits until its one subscriber comes, and passes on what comes after that. */
export class Buffered<T> {
  readonly stream$: Observable<T>;
  readonly #live$ = new Subject<T>();
  #kept: T[] = [];
  #completed = false;

  constructor() {
    this.stream$ = new Observable((subscriber) => {
      while (this.#kept.length > 0 && !subscriber.closed) subscriber.next(this.#kept.shift() as T);
      return this.#live$.subscribe(subscriber);
    });
  }

  /** How many values wait for the subscriber. */
  get waiting(): number {
    return this.#kept.length;
  }

  next(value: T): void {
    if (this.#live$.observed) this.#live$.next(value);
    else if (!this.#completed) this.#kept.push(value);
  }

  /** Forgets what waits. */
  clear(): void {
    this.#kept = [];
  }

  /** What waits is still there for the subscriber. */
  complete(): void {
    this.#completed = true;
    this.#live$.complete();
  }
}
