import { filter, Observable, ReplaySubject } from "rxjs";

/**
 * As a `BehaviorSubject`; but whoever subscribes after it has completed still receives the last value, and where a
 * subscriber changes it while others have not received a value yet, those receive the new one alone.
 */
export class Latest<T> extends Observable<T> {
  value: T;
  readonly #values = new ReplaySubject<T>(1);

  constructor(value: T) {
    super((subscriber) => this.#values.pipe(filter((each) => each === this.value)).subscribe(subscriber));
    this.value = value;
    this.next(value);
  }

  /** Does nothing once it has completed. */
  next(value: T): void {
    if (this.#values.isStopped) return;
    this.value = value;
    this.#values.next(value);
  }

  complete(): void {
    this.#values.complete();
  }
}
