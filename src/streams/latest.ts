import { ReplaySubject } from "rxjs";

/** As a `BehaviorSubject`; but whoever subscribes after it has completed still receives the last value. */
export class Latest<T> extends ReplaySubject<T> {
  value: T;

  constructor(value: T) {
    super(1);
    this.value = value;
    this.next(value);
  }

  /** Does nothing once it has completed. */
  override next(value: T): void {
    if (this.isStopped) return;
    this.value = value;
    super.next(value);
  }
}
