import { type Subscription, timer } from "rxjs";
import type { Clock } from "../../streams/contract.ts";
import { TrunklineError } from "../../streams/errors.ts";

interface Waiting {
  readonly delay: number;
  readonly send: () => void;
  timer: Subscription;
}

/** Events that wait to be sent, as `DelayedEvents` has them. */
export class MemoryDelayed {
  readonly #clock: Clock;
  readonly #waiting = new Map<string, Waiting>();
  #count = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  schedule(delay: number, send: () => void): string {
    this.#count += 1;
    const id = `delay${this.#count}`;
    this.#waiting.set(id, { delay, send, timer: this.#start(id, delay) });
    return id;
  }

  /** Whether it waits. */
  restart(id: string): boolean {
    const waiting = this.#waiting.get(id);
    waiting?.timer.unsubscribe();
    if (waiting) waiting.timer = this.#start(id, waiting.delay);
    return waiting !== undefined;
  }

  cancel(id: string): void {
    this.#waiting.get(id)?.timer.unsubscribe();
    this.#waiting.delete(id);
  }

  #start(id: string, delay: number): Subscription {
    return timer(delay, this.#clock).subscribe(() => this.#send(id));
  }

  #send(id: string): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    try {
      waiting?.send();
    } catch (error) {
      // Whoever scheduled it may have left the room since, and nobody waits for an answer any more.
      if (!(error instanceof TrunklineError)) throw error;
    }
  }
}
